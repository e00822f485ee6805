package flow

import (
	"slices"
	"sync/atomic"
)

// View is a batch kept for later: its flows stay as they are until Release. The
// batch that View.Batch returns has its own selection, and further columns
// written to it are its own.
type View struct {
	batch    Batch
	done     *completion // of the batch the view was taken from
	onFail   func(*Batch, error) error
	released atomic.Bool
}

// Retain keeps the selected flows, and the batch's completion open, until the
// view is released. It is for sinks that finish later than Write returns. Nobody
// may change those flows, or texts and lists in their columns, in the meantime.
func (b *Batch) Retain() *View {
	b.done.refs.Add(1)
	b.owner.mem.Add(1)
	v := &View{batch: *b, done: b.done, onFail: b.onFail}
	b.hooked = true
	v.batch.rows = slices.Clone(b.rows)
	v.batch.own = nil
	// Vectors in use are shared, since their rows belong to different holders.
	// The others must not be: whoever writes one first takes all of it.
	v.batch.cols = make([]vectorer, len(b.cols))
	for i := range b.live.all() {
		v.batch.cols[i] = b.cols[i]
	}
	// An arena grows by appending; with no spare capacity that copies it.
	v.batch.bytes = slices.Clip(b.bytes)
	v.batch.words = slices.Clip(b.words)
	v.batch.addrs = slices.Clip(b.addrs)
	return v
}

// Sub is Retain with a completion of its own: whoever retains or holds the
// view's batch answers to done, which is called once with the first error after
// the last of them and the view itself are released. What done returns goes on
// to b's completion, and then, when nothing is left that holds b, finished is
// called. It is for stages that wrap another and act on its failures.
func (b *Batch) Sub(done func(error) error, finished func()) *View {
	v := b.Retain()
	outer := v.done
	inner := &completion{}
	inner.begin()
	inner.callback = append(inner.callback, func(err error) {
		outer.release(done(err))
		finished()
	})
	v.done, v.batch.done = inner, inner
	return v
}

// Batch returns the flows. It is valid until Release.
func (v *View) Batch() *Batch { return &v.batch }

// Release ends the view: nil when the flows were delivered, else why not.
// Releasing twice panics.
func (v *View) Release(err error) {
	if v.released.Swap(true) {
		panic("flow: view released twice")
	}
	owner := v.batch.owner
	if err != nil && v.onFail != nil {
		err = v.onFail(&v.batch, err)
	}
	v.done.release(err)
	owner.free()
}
