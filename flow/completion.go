package flow

import (
	"slices"
	"sync"
	"sync/atomic"
)

// completion counts who still has to finish a batch, and keeps the first error.
// When the last one is done it calls back, once.
type completion struct {
	refs atomic.Int32

	mu       sync.Mutex
	err      error
	callback []func(error)
}

func (c *completion) begin() {
	c.err = nil
	clear(c.callback)
	c.callback = c.callback[:0]
	c.refs.Store(1)
}

func (c *completion) release(err error) {
	if err != nil {
		c.mu.Lock()
		if c.err == nil {
			c.err = err
		}
		c.mu.Unlock()
	}
	switch n := c.refs.Add(-1); {
	case n == 0:
		// Nobody else is left, so the fields need no lock any more.
		for _, fn := range c.callback {
			fn(c.err)
		}
	case n < 0:
		panic("flow: batch released twice")
	}
}

// OnDone has fn called once the batch is finished by everybody: with nil when
// all of it was delivered, filtered or dropped on purpose, else with the first
// error. It may run on any goroutine and must not block. Sources use it to
// acknowledge what they read, aggregators to pass on what they hold.
func (b *Batch) OnDone(fn func(error)) {
	b.done.mu.Lock()
	b.done.callback = append(b.done.callback, fn)
	b.done.mu.Unlock()
}

// Hold keeps the batch's completion open without keeping its memory: an
// aggregator calls it in Process, and the returned function once what it made of
// the flows is delivered. Calling that twice panics.
func (b *Batch) Hold() func(error) {
	c := b.done
	c.refs.Add(1)
	b.held = true
	h := &hold{c: c, in: b.holds}
	if b.onFail != nil {
		// A sink that holds instead of retaining: its flows count as failed all
		// the same.
		told, rows := b.onFail, &Batch{rows: slices.Clone(b.rows)}
		h.fail = func(err error) error { return told(rows, err) }
		b.hooked = true
	}
	h.in.add(h)
	return h.release
}

// hold is a completion that somebody keeps open.
type hold struct {
	c     *completion
	in    *Holds
	fail  func(error) error // in a sink; nil elsewhere
	state atomic.Int32
}

const (
	holdOpen int32 = iota
	holdReleased
	holdEnded // by Holds.End; releasing it late is no mistake
)

func (h *hold) release(err error) {
	switch {
	case h.state.CompareAndSwap(holdOpen, holdReleased):
		h.in.remove(h)
		if err != nil && h.fail != nil {
			err = h.fail(err)
		}
		h.c.release(err)
	case h.state.Load() == holdReleased:
		panic("flow: hold released twice")
	}
}

// Holds keeps the holds of one stage that are open, so that none of them is left
// behind when the stage has failed. A stage never needs it.
type Holds struct {
	mu   sync.Mutex
	open map[*hold]struct{}
}

func (s *Holds) add(h *hold) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[*hold]struct{}{}
	}
	s.open[h] = struct{}{}
}

func (s *Holds) remove(h *hold) {
	if s == nil {
		return
	}
	s.mu.Lock()
	delete(s.open, h)
	s.mu.Unlock()
}

// Open returns how many holds are open.
func (s *Holds) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// End releases the holds that are open with err, in the stage's place.
func (s *Holds) End(err error) {
	s.mu.Lock()
	left := s.open
	s.open = nil
	s.mu.Unlock()
	for h := range left {
		if h.state.CompareAndSwap(holdOpen, holdEnded) {
			h.c.release(err)
		}
	}
}
