package spool

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// target is the sink behind the spool. It is not safe for concurrent use.
type target struct {
	spec   pipeline.Sink // as it was described
	sink   pipeline.Sink // what was made of it; nil after it failed to open
	layout *flow.Layout
	env    pipeline.Env
	opened bool
}

func (t *target) extensions() []flow.Extender {
	if x, ok := t.sink.(pipeline.Extended); ok {
		return x.Extensions()
	}
	return nil
}

func (t *target) bind(l *flow.Layout) error {
	t.layout = l
	if b, ok := t.sink.(pipeline.Binder); ok {
		return b.Bind(l)
	}
	return nil
}

// open opens the sink. After a failure it makes another one.
func (t *target) open(ctx context.Context) error {
	if t.opened {
		return nil
	}
	return protect(func() (err error) {
		if t.sink == nil {
			if t.sink, err = pipeline.MakeSink(t.spec); err != nil {
				return err
			}
			if err := t.bind(t.layout); err != nil {
				return err
			}
		}
		if o, ok := t.sink.(pipeline.Opener); ok {
			if err := o.Open(ctx, t.env); err != nil {
				t.sink = nil
				return fmt.Errorf("open: %w", err)
			}
		}
		t.opened = true
		return nil
	})
}

func (t *target) write(ctx context.Context, b *flow.Batch) error {
	return protect(func() error { return t.sink.Write(ctx, b) })
}

// close closes the sink, once.
func (t *target) close(ctx context.Context) error {
	c, ok := t.sink.(pipeline.Closer)
	if !ok || !t.opened {
		return nil
	}
	t.opened, t.sink = false, nil
	return protect(func() error { return c.Close(ctx) })
}

// protect turns a panic of fn into an error.
func protect(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(pipeline.ErrPanic, fmt.Errorf("%v\n%s", r, debug.Stack()))
		}
	}()
	return fn()
}
