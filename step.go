package pipeline

import (
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// step is one compiled step of a path. The lanes of a section share it; what
// belongs to one lane is indexed by the lane's number. run leaves in the batch's
// selection the flows that go on.
type step interface {
	run(l *lane, b *flow.Batch)
}

// sequence is a compiled path.
type sequence []step

func (s sequence) run(l *lane, b *flow.Batch) {
	for _, st := range s {
		if b.Len() == 0 {
			return
		}
		st.run(l, b)
	}
}

// continuation is what follows a step: the rest of its own path, then that of
// the path which its branch stands on, and so on.
type continuation struct {
	rest sequence
	up   *continuation
}

func (c *continuation) run(l *lane, b *flow.Batch) {
	for ; c != nil; c = c.up {
		c.rest.run(l, b)
	}
}

// filterStep narrows the selection.
type filterStep struct {
	*node
	byLane []*filter.Selector
}

func (s *filterStep) run(l *lane, b *flow.Batch) {
	in := b.Len()
	s.meter.in.Add(uint64(in))
	err := s.call("filter", in, func() (int, error) {
		s.byLane[l.id].Apply(b)
		return b.Len(), nil
	})
	if err != nil {
		l.lose(s.node, b, in, err)
		return
	}
	s.meter.out.Add(uint64(b.Len()))
	s.meter.filtered.Add(uint64(in - b.Len()))
}

// branchStep sends each flow down the first arm that matches. It works on the
// selection alone: arms touch different flows of the same batch.
type branchStep struct {
	*node
	arms []armStep
	ends bool // flows that match no arm are filtered, none comes back

	scratch []branchScratch // by lane
}

type armStep struct {
	*node
	byLane []*filter.Selector // nil for Otherwise
	path   sequence
	ends   bool
}

// branchScratch keeps the selections of a branch on one lane. A branch inside an
// arm has its own.
type branchScratch struct {
	rest, merged, spare []uint16
}

func (s *branchStep) run(l *lane, b *flow.Batch) {
	_, rows := b.Raw()
	in := len(rows)
	s.meter.in.Add(uint64(in))
	sc := &s.scratch[l.id]
	sc.rest = append(sc.rest[:0], rows...)
	sc.merged = sc.merged[:0]
	rest := sc.rest
	for i := range s.arms {
		a := &s.arms[i]
		matched := rest
		if a.byLane == nil {
			rest = rest[:0]
		} else {
			b.SetRows(rest)
			err := a.call("filter", len(rest), func() (int, error) {
				matched, rest = a.byLane[l.id].Split(b, rest)
				return len(matched), nil
			})
			if err != nil {
				// What came back from earlier arms is lost with the rest.
				lost := len(rest) + len(sc.merged)
				s.meter.out.Add(uint64(in - lost))
				l.lose(s.node, b, lost, err)
				return
			}
		}
		if len(matched) == 0 {
			continue
		}
		a.meter.in.Add(uint64(len(matched)))
		a.meter.out.Add(uint64(len(matched)))
		b.SetRows(matched)
		a.path.run(l, b)
		if !a.ends {
			_, back := b.Raw()
			sc.merged, sc.spare = flow.MergeRows(sc.merged, back, sc.spare[:0]), sc.merged
		}
		if len(rest) == 0 {
			break
		}
	}
	if s.ends {
		s.meter.filtered.Add(uint64(len(rest)))
		s.meter.out.Add(uint64(in - len(rest)))
		b.SetRows(nil)
		return
	}
	s.meter.out.Add(uint64(in))
	sc.merged, sc.spare = flow.MergeRows(sc.merged, rest, sc.spare[:0]), sc.merged
	b.SetRows(sc.merged)
}

// sinkStep ends a path in one sink.
type sinkStep struct{ *sinkNode }

func (s sinkStep) run(l *lane, b *flow.Batch) {
	if err := s.write(l.ctx, b, nil); err != nil {
		l.run.fail(err)
		b.Runtime().Fail(err)
	}
}

// teeStep ends a path in several. Those that change flows have a copy.
type teeStep struct {
	*node
	paths []teePath
}

type teePath struct {
	path   sequence
	writes bool
}

func (s *teeStep) run(l *lane, b *flow.Batch) {
	_, rows := b.Raw()
	n := uint64(len(rows))
	s.meter.in.Add(n)
	s.meter.emitted.Add(n * uint64(len(s.paths)-1))
	s.meter.out.Add(n * uint64(len(s.paths)))
	// Paths narrow the selection in place, so each begins with its own copy.
	saved := l.borrow(rows)
	for _, p := range s.paths {
		if p.writes && len(s.paths) > 1 {
			b.SetRows(saved)
			l.copyTo(b, p.path)
			continue
		}
		own := l.borrow(saved)
		b.SetRows(own)
		p.path.run(l, b)
		l.giveBack(own)
	}
	l.giveBack(saved)
	b.SetRows(nil)
}
