package flow

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Owner is the side of a batch that whoever drives it through stages holds:
// package pipeline, or a harness of your own. A stage never needs one.
//
//	o := flow.NewOwner(flow.OwnerConfig{Size: 512})
//	b := o.Begin(now, deadline) // fill it, run stages over it
//	o.Finish(err)               // once the last stage returned
type Owner struct {
	batch  Batch
	config OwnerConfig
	mem    atomic.Int32 // the owner and its views
	begun  bool
}

// OwnerConfig says what batches an Owner makes.
type OwnerConfig struct {
	Size    int      // flows in a batch, 1 to MaxBatch; 0 means 512
	Layout  *Layout  // extensions; nil for none
	Symbols *Symbols // table of the flows' symbols; nil for a new one

	// Free is called when the batch's memory is no longer in use by anybody
	// after Finish, on the goroutine that gave it up last. The owner may then
	// Begin again.
	Free func(*Owner)

	// Poison overwrites the flows and arenas of a batch that is free with
	// 0xDB, so that whoever still reads it shows.
	Poison bool
}

// NewOwner makes a batch.
func NewOwner(c OwnerConfig) *Owner {
	if c.Size == 0 {
		c.Size = 512
	}
	if c.Size < 1 || c.Size > MaxBatch {
		panic(fmt.Sprintf("flow: batch of %d flows", c.Size))
	}
	if c.Symbols == nil {
		c.Symbols = NewSymbols(0)
	}
	o := &Owner{config: c}
	o.batch = Batch{
		flows:   make([]Flow, c.Size),
		own:     make([]uint16, 0, c.Size),
		cols:    make([]vectorer, c.Layout.columns()),
		layout:  c.Layout,
		symbols: c.Symbols,
		owner:   o,
	}
	return o
}

// Begin empties the batch for the next use and returns it. It must not be
// called before the last use is free.
func (o *Owner) Begin(now int64, deadline time.Time) *Batch {
	if o.begun || o.mem.Load() != 0 {
		panic("flow: batch begun while in use")
	}
	b := &o.batch
	for i := range b.live.all() {
		b.cols[i].reset(len(b.flows))
	}
	b.live = liveSet{}
	b.n = 0
	b.rows = b.own[:0]
	b.bytes, b.words, b.addrs = b.bytes[:0], b.words[:0], b.addrs[:0]
	b.now, b.deadline = now, deadline
	if b.done == nil {
		b.done = new(completion)
	}
	b.done.begin()
	o.mem.Store(1)
	b.held, b.holds, b.onFail = false, nil, nil
	o.begun = true
	return b
}

// Finish gives up the owner's part: the completion fires and the memory is free
// once every view and hold is released too.
func (o *Owner) Finish(err error) {
	if !o.begun {
		panic("flow: batch finished twice")
	}
	o.begun = false
	done := o.batch.done
	if done.refs.Load() > 1 {
		// Somebody holds it longer than the batch's memory may be needed.
		o.batch.done = nil
	}
	done.release(err)
	o.free()
}

func (o *Owner) free() {
	switch n := o.mem.Add(-1); {
	case n < 0:
		panic("flow: batch memory released twice")
	case n > 0:
		return
	}
	if o.config.Poison {
		o.poison()
	}
	if o.config.Free != nil {
		o.config.Free(o)
	}
}

// Runtime is what drives a batch, or the batch of a view, from stage to stage
// needs beyond what stages see. A stage never needs it.
type Runtime struct{ b *Batch }

// Runtime returns the batch's controls.
func (b *Batch) Runtime() Runtime { return Runtime{b} }

// SetNow changes the time that the batch tells.
func (r Runtime) SetNow(now int64) { r.b.now = now }

// TakeHeld reports whether a stage called Hold since the last TakeHeld.
func (r Runtime) TakeHeld() bool {
	held := r.b.held
	r.b.held = false
	return held
}

// Fail records an error for the batch's completion without finishing it.
func (r Runtime) Fail(err error) {
	r.b.done.refs.Add(1)
	r.b.done.release(err)
}

// OnFailure has fn called when a view retained from now on is released with an
// error, with the view's batch; what fn returns takes the error's place. It
// returns the function that was set before, and whether a view has that.
func (r Runtime) OnFailure(fn func(*Batch, error) error) (before func(*Batch, error) error, retained bool) {
	before, retained = r.b.onFail, r.b.hooked
	r.b.onFail, r.b.hooked = fn, false
	return before, retained
}

// NoteHolds has Hold note what it opens in h, until it is told otherwise; nil
// for nowhere.
func (r Runtime) NoteHolds(h *Holds) { r.b.holds = h }

// Failed returns the selected rows that an error of a sink is about, ascending:
// those of a PartialError, as far as they are selected, else all; none for nil.
func (r Runtime) Failed(err error) []uint16 {
	if err == nil {
		return nil
	}
	var partial *PartialError
	if !errors.As(err, &partial) {
		return slices.Clone(r.b.rows)
	}
	rows := slices.Clone(partial.Rows)
	slices.Sort(rows)
	rows = slices.Compact(rows)
	return slices.DeleteFunc(rows, func(row uint16) bool {
		_, selected := slices.BinarySearch(r.b.rows, row)
		return !selected
	})
}
