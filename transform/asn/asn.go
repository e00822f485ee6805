package asn

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/reload"
)

// Lookup returns a transform that looks the ASes of flows' addresses up in a table.
func Lookup(t Table, opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("asn", func() (pipeline.Transform, error) { return newLookup(t, opts) })
}

func newLookup(t Table, opts []Option) (*lookup, error) {
	c, err := newConfig(opts)
	if t.path == "" {
		err = errors.Join(errors.New("the path of the table is empty"), err)
	}
	return &lookup{config: c, table: t}, err
}

type lookup struct {
	config
	table           Table
	in              atomic.Pointer[finder]
	found, notFound *pipeline.Counter
	file            *reload.Files
}

// Concurrent implements pipeline.Concurrent.
func (l *lookup) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (l *lookup) Open(_ context.Context, env pipeline.Env) error {
	l.found, l.notFound = env.Counter("found"), env.Counter("not_found")
	refused := env.Counter("refused_names")
	symbol := func(name string) flow.Symbol {
		s := env.Symbols.Intern(name)
		if s == 0 && name != "" {
			refused.Add(1)
		}
		return s
	}
	use := func(content io.Reader) error {
		f, err := l.table.read(content, symbol)
		if err == nil {
			l.in.Store(&f)
		}
		return err
	}
	var err error
	l.file, err = reload.Start(env, l.every, reload.File{Path: l.table.path, Use: use})
	return err
}

// Close implements pipeline.Closer.
func (l *lookup) Close(context.Context) error {
	l.file.Stop()
	return nil
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (l *lookup) Process(_ context.Context, b *flow.Batch) error {
	in := *l.in.Load()
	var found, asked uint64
	ask := func(a flow.Addr) (o origin) {
		if a.IsZero() {
			return o
		}
		asked++
		if o = in.find(a); o.asn != 0 {
			found++
		}
		return o
	}
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		if o := ask(fl.SrcAddr); o.asn != 0 {
			if l.replace || fl.SrcAS == 0 {
				fl.SetSrcAS(o.asn)
			}
			if o.name != 0 && fl.SrcAS == o.asn {
				b.SetSrcASName(fl, o.name)
			}
		}
		if o := ask(fl.DstAddr); o.asn != 0 {
			if l.replace || fl.DstAS == 0 {
				fl.SetDstAS(o.asn)
			}
			if o.name != 0 && fl.DstAS == o.asn {
				b.SetDstASName(fl, o.name)
			}
		}
	}
	l.found.Add(found)
	l.notFound.Add(asked - found)
	return nil
}
