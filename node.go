package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
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
