package fields

import (
	"context"
	"errors"
	"fmt"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Keep returns a transform that takes out all fields but the named ones.
func Keep(names ...string) pipeline.Transform { return described("keep fields", names, true) }

// Drop returns a transform that takes out the named fields.
func Drop(names ...string) pipeline.Transform { return described("drop fields", names, false) }

func described(stage string, names []string, keep bool) pipeline.Transform {
	return pipeline.NewTransform(stage, func() (pipeline.Transform, error) {
		if len(names) == 0 {
			return nil, errors.New("no field is named")
		}
		return &clearer{names: names, keep: keep}, nil
	})
}

// clearer takes fields out.
type clearer struct {
	names []string
	keep  bool // the named ones, and not the others

	inFlow  []flow.Field // to take out
	columns []column
}

// Concurrent implements pipeline.Concurrent.
func (c *clearer) Concurrent() bool { return true }

// Bind implements pipeline.Binder.
func (c *clearer) Bind(l *flow.Layout) error {
	named := map[flow.Field]bool{}
	var errs []error
	for _, name := range c.names {
		f, ok := l.Lookup(name)
		if !ok {
			errs = append(errs, fmt.Errorf("there is no field %q", name))
		}
		named[f] = true
	}
	for _, f := range append(flow.Fields(), l.Extensions()...) {
		switch {
		case named[f] == c.keep:
		case f.IsColumn():
			c.columns = append(c.columns, column{f, present[l.Info(f).Kind]})
		default:
			c.inFlow = append(c.inFlow, f)
		}
	}
	return errors.Join(errs...)
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (c *clearer) Process(_ context.Context, b *flow.Batch) error {
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		for _, f := range c.inFlow {
			if fl.Has(f) {
				fl.Clear(f)
			}
		}
	}
	for _, column := range c.columns {
		if has := column.present(b, column.field); has != nil {
			for _, i := range rows {
				has[i] = false
			}
		}
	}
	return nil
}
