package pipeline

import (
	"context"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// sinkWrapper is a description of a sink that stands in front of others. Build
// makes nodes of those and binds the wrapper to them.
type sinkWrapper interface {
	Sink
	String() string
	inner() []Sink
	// check returns what is wrong with the wrapper's own arguments.
	check() error
	// handles says that errors of inner sink i are dealt with here and do not
	// end the run by themselves.
	handles(i int) bool
	bind(self *sinkNode, in []*sinkNode) Sink
}

// wrapped is the part that all wrappers share.
type wrapped struct {
	name  string
	sinks []Sink
}

func (w *wrapped) Write(context.Context, *flow.Batch) error { return errSpec }
func (w *wrapped) String() string                           { return w.name }
func (w *wrapped) inner() []Sink                            { return w.sinks }
func (w *wrapped) check() error                             { return nil }
func (w *wrapped) handles(int) bool                         { return true }

// deliver writes the selected flows to a sink and waits until the sink has let
// go of them, whether it delivers them in Write or later. It returns the rows
// that failed and why, or ctx's error when the sink did not let go in time.
func deliver(ctx context.Context, to *sinkNode, b *flow.Batch) ([]uint16, error) {
	var seen failures
	var result error
	finished := make(chan struct{})
	v := b.Sub(func(err error) error {
		result = err
		return nil // the wrapper answers for the flows, not their completion
	}, func() { close(finished) })
	err := to.write(ctx, v.Batch(), &seen)
	if err == nil {
		v.Release(nil)
	} else {
		// The node has seen the error: the view need not tell it again.
		v.Batch().Runtime().Fail(err)
		v.Release(nil)
	}
	select {
	case <-finished:
	case <-ctx.Done():
		select {
		case <-finished:
		default:
			_, rows := b.Raw()
			return slices.Clone(rows), context.Cause(ctx)
		}
	}
	rows, err := seen.sorted(), result
	if err != nil && len(rows) == 0 {
		// Somebody failed who held the batch as a whole.
		_, all := b.Raw()
		rows = slices.Clone(all)
	}
	return rows, err
}

// partial narrows an error to the rows that it is about.
func partial(rows []uint16, err error) error { return &flow.PartialError{Rows: rows, Err: err} }
