package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// node is one stage of a built pipeline: its name, its counters, and the one or
// more instances that are opened and closed.
type node struct {
	name       string
	kind       string
	index      int
	parent     *node // the stage that wraps this one
	serialised bool
	fatal      bool // an error of this stage ends the run

	instances []any
	meter     meter
	counters  counterSet
	observer  *Observer
	failed    atomic.Bool
	inside    atomic.Int32 // calls that have not come back
}

// call runs one method of the stage, turns a panic into an error, and keeps
// time. It returns what went wrong as a StageError.
func (n *node) call(op string, in int, fn func() (out int, err error)) (err error) {
	n.inside.Add(1)
	start := time.Now()
	out := 0
	defer func() {
		if r := recover(); r != nil {
			err = n.fail("panic", fmt.Errorf("%w: %v\n%s", ErrPanic, r, debug.Stack()))
		}
		busy := time.Since(start)
		n.inside.Add(-1)
		n.meter.batches.Add(1)
		n.meter.busy.Add(uint64(busy))
		if n.observer.Batch != nil {
			n.observer.Batch(BatchEvent{Stage: n.name, In: in, Out: out, Busy: busy})
		}
	}()
	if out, err = fn(); err != nil {
		return n.fail(op, err)
	}
	return nil
}

// fail wraps an error with the stage's name and counts it.
func (n *node) fail(op string, err error) error {
	var se *StageError
	if !errors.As(err, &se) {
		se = &StageError{Stage: n.name, Op: op, Err: err}
		err = se
	}
	n.meter.errors.Add(1)
	if n.observer.Failed != nil {
		n.observer.Failed(se)
	}
	if n.fatal {
		n.failed.Store(true)
	}
	return err
}

// stopped is the error for flows that reach a stage that failed before.
func (n *node) stopped(op string) error {
	return &StageError{Stage: n.name, Op: op, Err: ErrStopped}
}

// each calls fn for every instance.
func (n *node) each(fn func(any) error) error {
	for _, in := range n.instances {
		if err := fn(in); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) open(ctx context.Context, env Env) (opened []any, err error) {
	err = n.each(func(in any) error {
		if o, ok := in.(Opener); ok {
			if err := protect(func() error { return o.Open(ctx, env) }); err != nil {
				return &StageError{Stage: n.name, Op: "open", Err: err}
			}
		}
		opened = append(opened, in)
		return nil
	})
	if err == nil && n.observer.Opened != nil {
		n.observer.Opened(n.name)
	}
	return opened, err
}

// protect turns a panic of fn into an error.
func protect(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrPanic, r, debug.Stack())
		}
	}()
	return fn()
}

// sinkNode is a sink in a pipeline, or inside a stage that wraps it.
type sinkNode struct {
	node
	sink Sink
	mu   *sync.Mutex // nil if the sink is concurrent or there is one lane
	// passesOn says that what this stage counts as out becomes dropped when the
	// wrapped sink fails later.
	passesOn bool
	above    *sinkNode
	late     func(*flow.Batch, error) error
}

// write delivers a batch. Failures that come later, when a retained view is
// released, go to seen if it is not nil, and to the batch's completion.
func (n *sinkNode) write(ctx context.Context, b *flow.Batch, seen *failures) error {
	in := b.Len()
	n.meter.in.Add(uint64(in))
	if n.failed.Load() {
		n.meter.dropped.Add(uint64(in))
		seen.addAll(b)
		return n.stopped("write")
	}
	late := n.late
	if seen != nil {
		late = func(v *flow.Batch, err error) error {
			seen.add(v, err)
			return n.late(v, err)
		}
	}
	rt := b.Runtime()
	rt.OnFailure(late)
	err := n.call("write", in, func() (int, error) {
		if n.mu != nil {
			n.mu.Lock()
			defer n.mu.Unlock()
		}
		return in, n.sink.Write(ctx, b)
	})
	rt.OnFailure(nil)
	lost := 0
	if err != nil {
		lost = lostRows(b, err)
		n.meter.dropped.Add(uint64(lost))
		seen.add(b, err)
	}
	n.meter.out.Add(uint64(in - lost))
	return err
}

// failLate takes back what write counted as delivered.
func (n *sinkNode) failLate(v *flow.Batch, err error) error {
	lost := lostRows(v, err)
	for s := n; s != nil; s = s.above {
		s.meter.out.Add(-uint64(lost))
		s.meter.dropped.Add(uint64(lost))
		if s.above == nil || !s.above.passesOn {
			break
		}
	}
	return n.fail("write", err)
}

// lostRows returns how many selected flows an error is about.
func lostRows(b *flow.Batch, err error) int {
	var partial *flow.PartialError
	if errors.As(err, &partial) {
		return min(len(partial.Rows), b.Len())
	}
	return b.Len()
}

// failures gathers the rows of a batch that were not delivered. The nil value
// gathers nothing.
type failures struct {
	mu   sync.Mutex
	rows map[uint16]bool
}

func (f *failures) add(b *flow.Batch, err error) {
	if f == nil {
		return
	}
	var partial *flow.PartialError
	if !errors.As(err, &partial) {
		f.addAll(b)
		return
	}
	f.addRows(partial.Rows)
}

func (f *failures) addAll(b *flow.Batch) {
	if f != nil {
		_, rows := b.Raw()
		f.addRows(rows)
	}
}

func (f *failures) addRows(rows []uint16) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows == nil {
		f.rows = map[uint16]bool{}
	}
	for _, r := range rows {
		f.rows[r] = true
	}
}
