package pipeline

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/flowpipeline/pipeline/flow"
)

// transformStep runs a transform, and its ticks.
type transformStep struct {
	*node
	section *section // that its instances belong to
	byLane  []*instance
	after   *continuation
}

// instance is one working copy of a transform: one for all lanes, or a fork for
// each.
type instance struct {
	t      Transform
	ticker Ticker
	lock   locking
	mu     sync.RWMutex
	holds  flow.Holds // that the transform has open

	interval int64
	next     atomic.Int64 // when the next tick is due; 0 before the first batch
}

// locking says how lanes share an instance.
type locking uint8

const (
	lockNone   locking = iota // one lane only
	lockShared                // concurrent, but for ticks
	lockAll                   // one lane at a time
)

func (s *transformStep) run(l *lane, b *flow.Batch) {
	in := b.Len()
	s.meter.in.Add(uint64(in))
	if s.failed.Load() {
		l.lose(s.node, b, in, s.stopped("process"))
		return
	}
	rt := b.Runtime()
	i := s.byLane[l.id]
	rt.NoteHolds(&i.holds)
	err := s.call("process", in, func() (int, error) {
		if err := i.process(l, b); err != nil {
			return 0, err
		}
		if b.Len() > in {
			return 0, fmt.Errorf("%d flows came back from %d", b.Len(), in)
		}
		return b.Len(), nil
	})
	rt.NoteHolds(nil)
	held := rt.TakeHeld()
	if err != nil {
		l.lose(s.node, b, in, err)
		return
	}
	out := b.Len()
	s.meter.out.Add(uint64(out))
	if held {
		s.meter.absorbed.Add(uint64(in - out))
	} else {
		s.meter.filtered.Add(uint64(in - out))
	}
}

func (i *instance) process(l *lane, b *flow.Batch) error {
	switch i.lock {
	case lockShared:
		i.mu.RLock()
		defer i.mu.RUnlock()
	case lockAll:
		i.mu.Lock()
		defer i.mu.Unlock()
	}
	return i.t.Process(l.ctx, b)
}

// tick calls the instance's Tick until it has no more to give, and sends what
// it gives down the path.
func (s *transformStep) tick(l *lane, i *instance, now int64, final bool) {
	if s.failed.Load() {
		return
	}
	for more, again := true, false; more; again = true {
		if again && l.ctx.Err() != nil {
			l.run.fail(s.fail("tick", context.Cause(l.ctx)))
			return
		}
		l.emit(func(b *flow.Batch) {
			b.Runtime().SetNow(now)
			err := s.call("tick", 0, func() (int, error) {
				i.mu.Lock()
				defer i.mu.Unlock()
				var err error
				more, err = i.ticker.Tick(l.ctx, now, final, b)
				return b.Len(), err
			})
			n := uint64(b.Len())
			s.meter.emitted.Add(n)
			if err != nil {
				more = false
				l.lose(s.node, b, int(n), err)
				return
			}
			s.meter.out.Add(n)
			s.after.run(l, b)
		})
	}
}

// due returns the latest time at or before now at which the instance wants a
// tick, and false when there is none. The first time it is asked it only learns
// where time begins.
func (i *instance) due(now int64) (int64, bool) {
	if i.interval <= 0 {
		return 0, false
	}
	last := now - now%i.interval
	next := i.next.Load()
	if next == 0 {
		i.next.CompareAndSwap(0, last+i.interval)
		return 0, false
	}
	return last, last >= next
}
