package flowtable

import (
	"math"
	"math/rand/v2"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// TCP flags that end or begin a flow.
const (
	tcpFIN = 0x01
	tcpSYN = 0x02
	tcpRST = 0x04
)

// Table is the set of flows under way. It is not safe for concurrent use.
//
// Add, Merge, Describe, Expire and Flush write ended flows to a batch. When it is
// full they stop and return false: call them again, with the same arguments, on
// the next batch. Nothing is lost or counted twice by that.
type Table struct {
	config                   Config
	active, inactive, linger int64

	records    slab[record]
	statistics slab[statistics] // beside the records, by the same ref
	owners     slab[Owner]      // as well
	extras     slab[packet.Extra]
	index      index
	fragments  fragments

	idle    list // open flows, by latest packet
	closing list // flows that saw FIN or RST, by latest packet
	all     list // all flows, by first packet

	clock int64  // the latest time seen
	due   int64  // no flow is due before; may be earlier than the first
	seq   uint64 // packets counted so far

	flushing []ref // what Flush has yet to write; in no list and not in the index

	counts Counts
}

// Counts is what a table did.
type Counts struct {
	Packets            uint64 // packets that were counted into flows
	Flows              uint64 // flows that were written
	Evicted            uint64 // of these, for lack of room
	FragmentsUnmatched uint64 // later fragments whose first was not seen
}

// New returns an empty table. The configuration must pass its Check.
func New(c Config) *Table {
	c = c.withDefaults()
	return &Table{
		config:   c,
		active:   int64(c.Active),
		inactive: int64(c.Inactive),
		linger:   int64(min(linger, c.Inactive)),
		index:    newIndex(rand.Uint64()),
		due:      math.MaxInt64,
	}
}

// Len returns how many flows are under way.
func (t *Table) Len() int { return t.index.count + len(t.flushing) }

// Open returns how many packets the flows under way have counted.
func (t *Table) Open() uint64 {
	var n uint64
	for id := t.all.head; id != 0; {
		r := t.records.at(id)
		n += r.packets
		id = r.age.next
	}
	for _, id := range t.flushing {
		n += t.records.at(id).packets
	}
	return n
}

// Counts returns what the table did so far.
func (t *Table) Counts() Counts { return t.counts }

// Clock returns the latest time the table has seen, in nanoseconds since the
// epoch.
func (t *Table) Clock() int64 { return t.clock }

// Add counts a packet that Parse accepted, seen at a time in nanoseconds since
// the epoch, into its flow. Before that it writes the flows that are due. It
// returns false when the batch was full before the packet was counted.
func (t *Table) Add(p *packet.Packet, at int64, b *flow.Batch) bool {
	at = max(at, 0)
	if !t.Expire(at, b) {
		return false
	}
	key := p.Key()
	unmatched := false
	if p.LaterFragment() {
		var found bool
		key, found = t.fragments.find(key, p, t.clock)
		unmatched = !found
	}
	id, ok := t.open(&key, p, span{at, at, p.TCPFlags}, b)
	if !ok {
		return false
	}
	t.count(id, p, at)
	if unmatched {
		t.counts.FragmentsUnmatched++
	}
	if p.FirstFragment() {
		t.fragments.add(key, p, t.clock)
	}
	return true
}

// span is when packets came, and their TCP flags together.
type span struct {
	start, end int64
	flags      uint16
}

// open returns the flow that packets of a key belong to. One that they show to be
// over is written, and so is the oldest when a new one needs its room. It returns
// false when the batch has no room for that. p is the first of the packets.
func (t *Table) open(key *packet.Key, p *packet.Packet, s span, b *flow.Batch) (ref, bool) {
	tag := t.index.tag(key)
	if id := t.index.find(&t.records, tag, key); id != 0 {
		r := t.records.at(id)
		reason, over := t.over(r, s)
		if !over || r.packets == 0 {
			return id, true
		}
		if b.Full() {
			return 0, false
		}
		t.end(id, reason, b)
	}
	if t.index.count >= t.config.MaxFlows {
		if b.Full() {
			return 0, false
		}
		t.end(t.oldest(), flow.EndReasonResources, b)
	}
	return t.begin(tag, key, p, s.start), true
}

// over reports whether packets no longer belong to the flow of their key: a new
// connection after the end of the last, or packets that by their own time are past
// the flow's timeouts, or too long before it, although the clock, which an outlier
// put ahead, says nothing.
func (t *Table) over(r *record, s span) (reason uint8, over bool) {
	switch {
	case r.closing && (s.flags&tcpSYN != 0 || s.start-r.end >= t.linger):
		return flow.EndReasonDetected, true
	case s.start-r.end >= t.inactive:
		return flow.EndReasonIdle, true
	case max(r.end, s.end)-min(r.start, s.start) >= t.active:
		return flow.EndReasonActive, true
	}
	return 0, false
}

// begin makes a flow of its first packet, which it does not count.
func (t *Table) begin(tag uint32, key *packet.Key, p *packet.Packet, at int64) ref {
	id := t.records.take()
	r := t.records.at(id)
	*r = record{
		key: *key, tag: tag,
		start: at, end: at,
		born: t.clock, firstSeq: t.seq,
		minTTL: p.TTL, maxTTL: p.TTL,
	}
	r.details.Take(p)
	if p.Any() {
		r.extra = t.extras.take()
		*t.extras.at(r.extra) = p.Extra
	}
	if t.config.Statistics {
		for t.statistics.used < id {
			t.statistics.take()
		}
		*t.statistics.at(id) = statistics{}
	}
	if t.config.Tell != nil {
		for t.owners.used < id {
			t.owners.take()
		}
		*t.owners.at(id) = Owner{}
	}
	t.index.insert(tag, id)
	t.idle.push(&t.records, id, byActivity)
	t.all.push(&t.records, id, byAge)
	t.due = min(t.due, t.clock+min(t.inactive, t.active))
	return id
}

// count adds a packet to a flow and puts off the flow's end.
func (t *Table) count(id ref, p *packet.Packet, at int64) {
	r := t.records.at(id)
	if t.config.Statistics {
		gap := int64(-1)
		if r.packets > 0 {
			gap = max(at-r.end, 0)
		}
		t.statistics.at(id).count(p, gap)
	}
	r.count(p, at)
	t.counts.Packets++
	t.postpone(id, r, p.TCPFlags)
}

// postpone puts off the end of a flow that has new packets, unless it is near.
func (t *Table) postpone(id ref, r *record, flags uint16) {
	r.seen, r.lastSeq = t.clock, t.seq
	t.seq++
	switch {
	case r.closing:
		t.touch(&t.closing, id)
	case flags&(tcpFIN|tcpRST) != 0:
		t.idle.remove(&t.records, id, byActivity)
		r.closing = true
		t.closing.push(&t.records, id, byActivity)
		t.due = min(t.due, t.clock+t.linger)
	default:
		t.touch(&t.idle, id)
	}
}

// touch moves a flow to the end of a list.
func (t *Table) touch(l *list, id ref) {
	if l.tail != id {
		l.remove(&t.records, id, byActivity)
		l.push(&t.records, id, byActivity)
	}
}

// oldest returns the flow that is longest without a packet.
func (t *Table) oldest() ref {
	a, b := t.idle.head, t.closing.head
	if a == 0 || b != 0 && t.records.at(b).lastSeq < t.records.at(a).lastSeq {
		return b
	}
	return a
}

// Expire moves the clock on, if now is later, and writes the flows that are due.
// It returns false when the batch was full before all of them were written.
func (t *Table) Expire(now int64, b *flow.Batch) bool {
	t.clock = max(t.clock, now)
	for t.clock >= t.due {
		id, reason, due := t.next()
		t.due = due
		if t.clock < due {
			break
		}
		if b.Full() {
			return false
		}
		t.end(id, reason, b)
	}
	return true
}

// next returns the flow that is due first, and when.
func (t *Table) next() (id ref, reason uint8, due int64) {
	due = math.MaxInt64
	var seq uint64
	consider := func(head ref, at int64, by uint64, why uint8) {
		if at < due || at == due && by < seq {
			id, reason, due, seq = head, why, at, by
		}
	}
	if head := t.idle.head; head != 0 {
		r := t.records.at(head)
		consider(head, r.seen+t.inactive, r.lastSeq, flow.EndReasonIdle)
	}
	if head := t.closing.head; head != 0 {
		r := t.records.at(head)
		consider(head, r.seen+t.linger, r.lastSeq, flow.EndReasonDetected)
	}
	if head := t.all.head; head != 0 {
		r := t.records.at(head)
		consider(head, r.born+t.active, r.firstSeq, flow.EndReasonActive)
	}
	return id, reason, due
}

// end writes a flow, unless none of its packets came, and takes it out of the
// table.
func (t *Table) end(id ref, reason uint8, b *flow.Batch) {
	r := t.records.at(id)
	t.index.remove(r.tag, id)
	if r.closing {
		t.closing.remove(&t.records, id, byActivity)
	} else {
		t.idle.remove(&t.records, id, byActivity)
	}
	t.all.remove(&t.records, id, byAge)
	t.finish(id, reason, b)
}

// finish writes a flow that is in no list any more, and gives up its memory.
func (t *Table) finish(id ref, reason uint8, b *flow.Batch) {
	r := t.records.at(id)
	if r.packets > 0 {
		t.write(id, reason, b)
		t.counts.Flows++
		if reason == flow.EndReasonResources {
			t.counts.Evicted++
		}
	}
	if r.extra != 0 {
		t.extras.free(r.extra)
	}
	t.records.free(id)
}
