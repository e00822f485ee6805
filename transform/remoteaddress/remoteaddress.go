package remoteaddress

import (
	"context"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixset"
)

// CIDR returns a transform that takes an address in one of the given prefixes for
// remote. When both are, the source is.
func CIDR(opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("remoteaddress", func() (pipeline.Transform, error) {
		c := newConfig(opts)
		return &byPrefix{config: c}, c.Check()
	})
}

// Border returns a transform for exporters at the border of the own network, that
// look at interfaces towards the outside: of a flow that comes in the source is
// remote, of one that goes out the destination.
func Border() pipeline.Transform { return byDirection(flow.SideSrc, flow.SideDst) }

// User returns a transform for exporters that look at interfaces towards the own
// users: of a flow that comes in the destination is remote, of one that goes out the
// source.
func User() pipeline.Transform { return byDirection(flow.SideDst, flow.SideSrc) }

// Clear returns a transform that takes out what was told before.
func Clear() pipeline.Transform {
	return pipeline.NewTransform("remoteaddress", func() (pipeline.Transform, error) {
		return &rule{side: func(*flow.Flow) uint8 { return flow.SideNeither }}, nil
	})
}

func byDirection(ingress, egress uint8) pipeline.Transform {
	side := func(fl *flow.Flow) uint8 {
		switch {
		case !fl.Has(flow.FieldDirection):
		case fl.Direction == flow.DirectionIngress:
			return ingress
		case fl.Direction == flow.DirectionEgress:
			return egress
		}
		return flow.SideNeither
	}
	return pipeline.NewTransform("remoteaddress", func() (pipeline.Transform, error) { return &rule{side: side}, nil })
}

// counters count flows by the side that is remote.
type counters [3]*pipeline.Counter

func newCounters(env pipeline.Env) (c counters) {
	for side, name := range [...]string{flow.SideNeither: "unknown", flow.SideSrc: "src", flow.SideDst: "dst"} {
		c[side] = env.Counter(name)
	}
	return c
}

// set sets the remote side of all flows of a batch.
func (c *counters) set(b *flow.Batch, side func(*flow.Flow) uint8) {
	var n [len(c)]uint64
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		remote := side(fl)
		n[remote]++
		fl.SetRemoteSide(remote)
		if remote == flow.SideNeither {
			fl.Clear(flow.FieldRemoteSide)
		}
	}
	for remote := range n {
		c[remote].Add(n[remote])
	}
}

// rule tells by the flow alone.
type rule struct {
	side  func(*flow.Flow) uint8
	count counters
}

// Concurrent implements pipeline.Concurrent.
func (r *rule) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (r *rule) Open(_ context.Context, env pipeline.Env) error {
	r.count = newCounters(env)
	return nil
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (r *rule) Process(_ context.Context, b *flow.Batch) error {
	r.count.set(b, r.side)
	return nil
}

// byPrefix tells by prefixes of the outside.
type byPrefix struct {
	config
	set   *prefixset.Set
	count counters
}

// Concurrent implements pipeline.Concurrent.
func (p *byPrefix) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (p *byPrefix) Open(_ context.Context, env pipeline.Env) (err error) {
	p.count = newCounters(env)
	p.set, err = prefixset.Open(env, p.Config)
	return err
}

// Close implements pipeline.Closer.
func (p *byPrefix) Close(context.Context) error {
	p.set.Close()
	return nil
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (p *byPrefix) Process(_ context.Context, b *flow.Batch) error {
	remote := p.set.Table()
	p.count.set(b, func(fl *flow.Flow) uint8 {
		switch {
		case remote.Has(fl.SrcAddr):
			return flow.SideSrc
		case remote.Has(fl.DstAddr):
			return flow.SideDst
		}
		return flow.SideNeither
	})
	return nil
}
