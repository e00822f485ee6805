package subnet

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixfile"
	"github.com/flowpipeline/pipeline/internal/reload"
)

// Customers returns a transform that sets whose customers' flows are, by a list of
// the customers' prefixes.
func Customers(list string, opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("customers", func() (pipeline.Transform, error) { return newSubnets(list, opts, customers) })
}

// Networks returns a transform that sets which networks flows are from and to, by a
// list of the networks' prefixes.
func Networks(list string, opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("networks", func() (pipeline.Transform, error) { return newSubnets(list, opts, networks) })
}

func newSubnets(list string, opts []Option, l labels) (*subnets, error) {
	c, err := newConfig(list, opts)
	return &subnets{config: c, labels: l}, err
}

type subnets struct {
	config
	labels
	table           atomic.Pointer[prefixfile.Table[subnet]]
	found, notFound *pipeline.Counter
	file            *reload.Files
}

// subnet is what a list tells of a prefix.
type subnet struct {
	id   uint32
	name flow.Symbol
}

// Concurrent implements pipeline.Concurrent.
func (s *subnets) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (s *subnets) Open(_ context.Context, env pipeline.Env) error {
	s.found, s.notFound = env.Counter("found"), env.Counter("not_found")
	prefixes, refused := env.Counter("prefixes"), env.Counter("refused_names")
	use := func(content io.Reader) error {
		entries, err := prefixfile.Read(content, "id")
		if err != nil {
			return err
		}
		table, err := prefixfile.NewTable(entries, func(e *prefixfile.Entry) subnet {
			name := env.Symbols.Intern(e.Name)
			if name == 0 && e.Name != "" {
				refused.Add(1)
			}
			return subnet{e.Number, name}
		})
		if err != nil {
			return err
		}
		s.table.Store(table)
		prefixes.Add(uint64(table.Len()) - prefixes.Load())
		return nil
	}
	var err error
	s.file, err = reload.Start(env, s.every, reload.File{Path: s.path, Use: use})
	return err
}

// Close implements pipeline.Closer.
func (s *subnets) Close(context.Context) error {
	s.file.Stop()
	return nil
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (s *subnets) Process(_ context.Context, b *flow.Batch) error {
	table := s.table.Load()
	var found, asked uint64
	ask := func(a flow.Addr) (subnet, bool) {
		if a.IsZero() {
			return subnet{}, false
		}
		asked++
		sub, ok := table.Longest(a)
		if ok {
			found++
		}
		return sub, ok
	}
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		src, inSrc := ask(fl.SrcAddr)
		if inSrc {
			s.src.set(b, fl, src)
		}
		dst, inDst := ask(fl.DstAddr)
		if inDst {
			s.dst.set(b, fl, dst)
		}
		if inSrc || inDst {
			s.setOwn(b, fl, src, inSrc, dst, inDst)
		}
	}
	s.found.Add(found)
	s.notFound.Add(asked - found)
	return nil
}
