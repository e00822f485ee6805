package kafka

import "github.com/flowpipeline/pipeline/flow"

// reading is what one batch got of partitions, until the batch is finished. It is
// used again then.
type reading struct {
	source *consumer
	parts  []part
	done   func(error)
}

// part is a span of a partition.
type part struct {
	of   *partition
	span uint64
}

// begin has what goes into b acknowledged when b is finished.
func (s *consumer) begin(b *flow.Batch) *reading {
	r, ok := s.spare.Get().(*reading)
	if !ok {
		r = &reading{source: s}
		r.done = r.finish
	}
	b.OnDone(r.done)
	return r
}

func (r *reading) finish(err error) {
	r.source.given.done(r.parts, err)
	clear(r.parts)
	r.parts = r.parts[:0]
	r.source.spare.Put(r)
}
