package ebpf

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/flowpipeline/pipeline/ebpf/internal/attach"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/afpacket"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/packet"
)

const (
	// retire is how long a packet may wait for others until it is shown.
	retire = 20 * time.Millisecond
	// lag is how far the packets that were read may be behind the clock.
	lag = 2 * retire
	// clockEvery is after how many packets the clock is looked at.
	clockEvery = 1024
)

// packetReader makes flows of the packets that rings show.
type packetReader struct {
	c        *config
	pushed   filter.Predicate
	group    *afpacket.Group
	flows    *flowtable.Table
	counters *counters
	watch    *attach.Watch
	names    *names
	waker    waker

	frame   afpacket.Frame
	packet  packet.Packet
	key     packet.Key
	delta   flowtable.Delta
	sums    flowtable.Statistics
	pending bool // delta has yet to be counted

	stopped bool
}

func newPacketReader(c *config, pushed filter.Predicate, g *afpacket.Group, counts *counters) *packetReader {
	return &packetReader{
		c: c, pushed: pushed, group: g, counters: counts, flows: flowtable.New(c.table),
		waker: waker{wake: g.Wake},
	}
}

// Read fills b with flows that ended.
func (r *packetReader) Read(ctx context.Context, b *flow.Batch) error {
	defer r.look(b)
	r.waker.watch(ctx)
	for {
		if !r.burst(b) || b.Len() > 0 {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		now := time.Now()
		if !r.flows.Expire(now.Add(-lag).UnixNano(), b) || b.Len() > 0 || !now.Before(b.Deadline()) {
			return nil
		}
		if err := r.group.Wait(b.Deadline()); err != nil {
			return err
		}
	}
}

// burst counts the packets that are there, but no more than so many. It returns
// false when b is full.
func (r *packetReader) burst(b *flow.Batch) bool {
	for range clockEvery {
		if !r.count(b) {
			return false
		}
		if !r.group.Next(&r.frame) {
			return true
		}
		r.take()
	}
	return r.count(b) && r.flows.Expire(r.flows.Clock(), b)
}

// take reads the packet of a frame. It is pending then, unless it does not count.
func (r *packetReader) take() {
	f, p := &r.frame, &r.packet
	direction, wanted := packet.KeyIngress, Ingress
	if f.Outgoing {
		direction, wanted = packet.KeyEgress, Egress
	}
	if r.c.directions&wanted == 0 {
		return
	}
	if n := r.c.table.SamplingRate; n > 1 && rand.Uint32N(n) != 0 {
		add(&r.counters.kernel.Unsampled, f.StackLen)
		return
	}
	link := packet.LinkEthernet
	if f.Bare {
		link = packet.LinkRaw
	}
	if refusal := packet.Parse(link, f.Data, f.Len, p); refusal != packet.Accepted {
		add(&r.counters.kernel.Refused[refusal], f.StackLen)
		return
	}
	p.IfIndex = uint32(f.Interface)
	p.IfName = r.names.of(p.IfIndex)
	p.Direction = direction
	r.key = r.flows.Join(p, f.Time)
	r.measure()
	r.pending = true
}

func add(t *tally, bytes int) {
	t.Packets++
	t.Bytes += uint64(bytes)
}

// count counts what is pending. It returns false when b is full before.
func (r *packetReader) count(b *flow.Batch) bool {
	if !r.pending {
		return true
	}
	if !r.flows.Merge(r.key, &r.packet, &r.delta, b) {
		return false
	}
	r.pending = false
	r.counters.counted.Packets += r.delta.StackPackets
	r.counters.counted.Bytes += r.delta.StackBytes
	return true
}

// look takes the flows that the pushed filter refuses out of b, and brings the
// counters up to date.
func (r *packetReader) look(b *flow.Batch) {
	c := r.counters
	if !r.pushed.IsAll() {
		b.Keep(func(fl *flow.Flow) bool {
			if r.pushed.MatchIn(b, fl) {
				return true
			}
			packets, _ := b.StackPackets(fl)
			bytes, _ := b.StackBytes(fl)
			for t, sign := range map[*tally]uint64{&c.counted: ^uint64(0), &c.kernel.Filtered: 1} {
				t.Packets += sign * packets
				t.Bytes += sign * bytes
			}
			return false
		})
	}
	c.table = r.flows.Counts()
	c.kernel.FragmentsUnmatched = c.table.FragmentsUnmatched
	c.kernel.Lost.Packets = r.group.Drops()
	c.failures = r.watch.Failures()
}

// Drain stops the packets, and fills b with all flows.
func (r *packetReader) Drain(ctx context.Context, b *flow.Batch) error {
	defer r.look(b)
	if err := r.stop(); err != nil {
		return err
	}
	for r.pending || r.group.Waiting() {
		if !r.burst(b) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.group.Wait(time.Now().Add(retire)); err != nil {
			return err
		}
	}
	if !r.flows.Flush(b) {
		return nil
	}
	return io.EOF
}

// stop has no more packets come.
func (r *packetReader) stop() error {
	if r.stopped {
		return nil
	}
	r.stopped = true
	return errors.Join(r.group.Stop(), r.watch.Close())
}

// Close closes the rings, and counts what was not delivered.
func (r *packetReader) Close() error {
	r.waker.stop()
	err := r.stop()
	r.counters.abandoned = r.flows.Open()
	if r.pending {
		r.counters.abandoned += r.delta.Packets
	}
	return errors.Join(err, r.group.Close())
}
