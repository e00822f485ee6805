package ddos

import (
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

const (
	// slotLen is the step of time in which traffic is counted and judged.
	slotLen     = int64(500 * time.Millisecond)
	slotSeconds = float64(slotLen) / 1e9

	// ringSlots is how many slots of a candidate are kept, 64 s, and window how
	// many are judged. What lies between is for lanes that run ahead.
	ringSlots = 128
	window    = int64(120)
)

// counts are the traffic of a slot: estimates of what there was before sampling,
// but for flows, which are records.
type counts struct{ packets, bytes, flows float32 }

func (c *counts) add(o counts, share float32) {
	c.packets += o.packets * share
	c.bytes += o.bytes * share
	c.flows += o.flows * share
}

// sampled are counts and the packets that were seen to estimate them.
type sampled struct {
	counts
	samples float32
}

func (s *sampled) add(o sampled, share float32) {
	s.counts.add(o.counts, share)
	s.samples += o.samples * share
}

// span is what part of a flow falls into which slots: head into the first, tail
// into the last, mid into each between.
type span struct {
	first, last     int64
	head, mid, tail float32
}

// spread tells how a flow from start to end, in nanoseconds, falls into slots.
func spread(start, end int64) span {
	s := span{first: start / slotLen, last: end / slotLen, head: 1}
	if s.first == s.last {
		return s
	}
	length := float64(end - start)
	s.head = float32(float64((s.first+1)*slotLen-start) / length)
	s.mid = float32(float64(slotLen) / length)
	s.tail = float32(float64(end-s.last*slotLen) / length)
	return s
}

// share returns the part that falls into a slot.
func (s *span) share(slot int64) float32 {
	switch slot {
	case s.first:
		return s.head
	case s.last:
		return s.tail
	}
	return s.mid
}

// placed returns the span of a flow. Records may tell of the past; what they tell
// of the future, by a clock that is ahead, is moved to now. A flow without times
// is one of now. ok is false when it ended before what rings keep.
func placed(fl *flow.Flow, now int64) (s span, early, ok bool) {
	end := now
	switch {
	case fl.Has(flow.FieldTimeEnd):
		end = fl.TimeEnd
	case fl.Has(flow.FieldTimeReceived):
		end = fl.TimeReceived
	}
	start := end
	if fl.Has(flow.FieldTimeStart) && fl.TimeStart < end {
		start = max(fl.TimeStart, 0)
	}
	latest := now - now%slotLen + slotLen - 1
	if end > latest {
		start, end, early = max(start-(end-latest), 0), latest, true
	}
	if end < 0 || now/slotLen-end/slotLen >= window {
		return s, early, false
	}
	return spread(start, end), early, true
}

// ring are the latest slots of one candidate.
type ring struct {
	top   int64 // the latest slot
	slots [ringSlots]sampled
}

// begin empties the ring, at a slot.
func (r *ring) begin(top int64) { *r = ring{top: top} }

// advance makes a slot the latest, and empties those that it skips.
func (r *ring) advance(slot int64) {
	if slot-r.top >= ringSlots {
		r.begin(slot)
	}
	for r.top < slot {
		r.top++
		r.slots[r.top%ringSlots] = sampled{}
	}
}

// add counts what of a flow falls into slots up to one. What is older than the ring
// is left out.
func (r *ring) add(c sampled, s *span, upTo int64) {
	if s.last > r.top {
		r.advance(s.last)
	}
	for slot := max(s.first, r.top-ringSlots+1); slot <= min(s.last, upTo); slot++ {
		r.slots[slot%ringSlots].add(c, s.share(slot))
	}
}

// at returns a slot's counts.
func (r *ring) at(slot int64) sampled {
	if slot > r.top || slot <= r.top-ringSlots || slot < 0 {
		return sampled{}
	}
	return r.slots[slot%ringSlots]
}
