package flow

import (
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
	var released atomic.Bool
	return func(err error) {
		if released.Swap(true) {
			panic("flow: hold released twice")
		}
		c.release(err)
	}
}
