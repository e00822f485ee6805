package alert

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// maxOnce bounds how many flows Once remembers.
const maxOnce = 1 << 16

// Once lets the first of the flows pass that agree in the named fields, which may
// be extensions, and holds back those that follow within some time of the
// pipeline's clock. It remembers 65,536; when that is not enough it forgets them
// all, counted as forgotten, and a few pass once more.
func Once(within time.Duration, fields ...string) pipeline.Transform {
	return pipeline.NewTransform("once", func() (pipeline.Transform, error) {
		if within <= 0 {
			return nil, fmt.Errorf("within %v makes no sense", within)
		}
		if len(fields) == 0 {
			return nil, errors.New("there is no field to tell flows apart by")
		}
		return &once{within: int64(within), names: fields, until: map[uint64]int64{}}, nil
	})
}

type once struct {
	within    int64
	names     []string
	fields    []flow.Field
	until     map[uint64]int64 // by hash: until when flows like it are held back
	forgotten *pipeline.Counter
}

// Bind implements pipeline.Binder.
func (o *once) Bind(l *flow.Layout) error {
	for _, name := range o.names {
		f, ok := l.Lookup(name)
		if !ok {
			return fmt.Errorf("there is no field %q", name)
		}
		o.fields = append(o.fields, f)
	}
	return nil
}

// Open implements pipeline.Opener.
func (o *once) Open(_ context.Context, env pipeline.Env) error {
	o.forgotten = env.Counter("forgotten")
	return nil
}

// ReadsOnly implements pipeline.ReadOnly.
func (o *once) ReadsOnly() bool { return true }

// Process implements pipeline.Transform.
func (o *once) Process(_ context.Context, b *flow.Batch) error {
	now := b.Now()
	b.Keep(func(fl *flow.Flow) bool {
		hash := b.Hash(fl, o.fields)
		if until, known := o.until[hash]; known && now < until {
			return false
		}
		if len(o.until) >= maxOnce {
			o.forget(now)
		}
		o.until[hash] = now + o.within
		return true
	})
	return nil
}

// forget makes room: what is over, or else all.
func (o *once) forget(now int64) {
	for hash, until := range o.until {
		if now >= until {
			delete(o.until, hash)
		}
	}
	if len(o.until) > maxOnce/2 {
		o.forgotten.Add(uint64(len(o.until)))
		clear(o.until)
	}
}
