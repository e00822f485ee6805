package flowtable

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// Delta is packets of one flow that were counted elsewhere, as a kernel does.
type Delta struct {
	Start, End     int64  // of the packets, in nanoseconds since the epoch
	Packets, Bytes uint64 // on the wire
	StackPackets   uint64 // as the network stack handed them over; 0 for not known
	StackBytes     uint64
	TCPFlags       uint16 // all flags that were set
	MinTTL, MaxTTL uint8
	Statistics     *Statistics // nil for none
	Owner          *Owner      // nil for not known
}

// Statistics is what Config.Statistics adds to a Delta.
type Statistics struct {
	Lengths        Sums      // of packets on the wire, in bytes
	Gaps           Sums      // between one packet and the next, in nanoseconds
	Flags          [8]uint64 // packets with FIN, SYN, RST, PSH, ACK, URG, ECE, CWR
	HeaderBytes    uint64
	PayloadPackets uint64
}

// Sums gathers numbers. Without a Count the rest means nothing.
type Sums struct {
	Count        uint64
	Min, Max     int64
	Sum, Squares float64
}

// Join returns the key under which Merge is to count a packet: its own, or for a
// later fragment that of the first, which Join remembers. It is called once for each
// packet, in the order of their times, which are nanoseconds since the epoch.
func (t *Table) Join(p *packet.Packet, at int64) packet.Key {
	key := p.Key()
	switch {
	case p.FirstFragment():
		t.fragments.add(key, p, at)
	case p.LaterFragment():
		var found bool
		if key, found = t.fragments.find(key, p, at); !found {
			t.counts.FragmentsUnmatched++
		}
	}
	return key
}

// Merge counts packets into the flow of a key. p describes the first of them: of
// it the flow takes its details and rarer fields, unless it has them already.
//
// Packets that were counted elsewhere come in no order, those of an active flow
// among them. So Merge moves the clock on to the end of the packets but writes no
// flow for being due: call Expire when everything up to its time was merged. It
// returns false when the batch was full before the packets were counted.
func (t *Table) Merge(key packet.Key, p *packet.Packet, d *Delta, b *flow.Batch) bool {
	start, end := max(d.Start, 0), max(d.End, d.Start, 0)
	t.clock = max(t.clock, end)
	id, ok := t.open(&key, p, span{start, end, d.TCPFlags}, b)
	if !ok {
		return false
	}
	r := t.records.at(id)
	t.explain(r, p)
	if t.config.Statistics && d.Statistics != nil {
		gap := int64(-1)
		if r.packets > 0 {
			gap = max(start-r.end, 0)
		}
		t.statistics.at(id).merge(d.Statistics, gap)
	}
	if t.config.Tell != nil && d.Owner != nil {
		t.owners.at(id).Merge(d.Owner)
	}
	r.merge(p, d, start, end)
	t.counts.Packets += d.Packets
	t.postpone(id, r, d.TCPFlags)
	return true
}

// Describe tells the rarer fields of a flow, p's, seen at a time in nanoseconds
// since the epoch, before or after its packets are merged. It counts no packet: a
// flow of which none comes is never written. It returns false when the batch was
// full before.
func (t *Table) Describe(key packet.Key, p *packet.Packet, at int64, b *flow.Batch) bool {
	at = max(at, 0)
	t.clock = max(t.clock, at)
	id, ok := t.open(&key, p, span{start: at, end: at}, b)
	if ok {
		r := t.records.at(id)
		t.explain(r, p)
		t.postpone(id, r, 0)
	}
	return ok
}

// explain gives a flow the rarer fields that it lacks.
func (t *Table) explain(r *record, p *packet.Packet) {
	if r.extra == 0 && p.Any() {
		r.extra = t.extras.take()
		*t.extras.at(r.extra) = p.Extra
	}
}

// merge adds packets.
func (r *record) merge(p *packet.Packet, d *Delta, start, end int64) {
	r.packets += d.Packets
	r.bytes += d.Bytes
	r.stackPackets += d.StackPackets
	r.stackBytes += d.StackBytes
	r.start = min(r.start, start)
	r.end = max(r.end, end)
	r.minTTL = min(r.minTTL, d.MinTTL)
	r.maxTTL = max(r.maxTTL, d.MaxTTL)
	r.tcpFlags |= d.TCPFlags
	if p.Has&packet.HasTCPFlags != 0 {
		r.hasFlags = true
	}
}
