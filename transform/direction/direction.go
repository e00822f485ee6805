package direction

import (
	"context"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixset"
)

// Local returns a transform that sets the direction of flows by the given prefixes
// of the own network.
func Local(opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("direction", func() (pipeline.Transform, error) {
		c := newConfig(opts)
		return &direction{config: c}, c.Check()
	})
}

type direction struct {
	config
	set   *prefixset.Set
	count [4]*pipeline.Counter // by where
}

// where says which addresses of a flow are own ones.
const (
	external = iota
	egress   // the source
	ingress  // the destination
	internal
)

// Concurrent implements pipeline.Concurrent.
func (d *direction) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (d *direction) Open(_ context.Context, env pipeline.Env) (err error) {
	for where, name := range [...]string{external: "external", egress: "egress", ingress: "ingress", internal: "internal"} {
		d.count[where] = env.Counter(name)
	}
	d.set, err = prefixset.Open(env, d.Config)
	return err
}

// Close implements pipeline.Closer.
func (d *direction) Close(context.Context) error {
	d.set.Close()
	return nil
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (d *direction) Process(_ context.Context, b *flow.Batch) error {
	own := d.set.Table()
	var n [len(d.count)]uint64
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		where := external
		if own.Has(fl.SrcAddr) {
			where |= egress
		}
		if own.Has(fl.DstAddr) {
			where |= ingress
		}
		n[where]++
		switch {
		case where == egress:
			fl.SetDirection(flow.DirectionEgress)
		case where == ingress:
			fl.SetDirection(flow.DirectionIngress)
		case d.replace:
			fl.Clear(flow.FieldDirection)
		}
	}
	for where := range n {
		d.count[where].Add(n[where])
	}
	return nil
}
