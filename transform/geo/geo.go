package geo

import (
	"context"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/freelist"
	"github.com/flowpipeline/pipeline/internal/reload"
)

// Lookup returns a transform that looks the addresses of flows up in a database,
// and those that Also adds.
func Lookup(database string, opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("geo", func() (pipeline.Transform, error) {
		c, err := newConfig(database, opts)
		if err != nil {
			return nil, err
		}
		return &lookup{config: c}, nil
	})
}

type lookup struct {
	config
	databases       databases
	caches          freelist.List[cache]
	found, notFound *pipeline.Counter
	files           *reload.Files
}

// Concurrent implements pipeline.Concurrent.
func (l *lookup) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (l *lookup) Open(_ context.Context, env pipeline.Env) error {
	l.found, l.notFound = env.Counter("found"), env.Counter("not_found")
	d := decoder{
		language: l.language, symbols: env.Symbols, log: env.Logger,
		damaged: env.Counter("damaged"), refused: env.Counter("refused_names"),
	}
	l.caches.New = func() *cache { return &cache{decoder: d} }
	var err error
	l.files, err = reload.Start(env, l.every, l.databases.files(l.paths, l.verify)...)
	return err
}

// Close implements pipeline.Closer.
func (l *lookup) Close(context.Context) error {
	l.files.Stop()
	return nil
}

// Process implements pipeline.Transform. It does not wait, and allocates for what it
// has not seen yet.
func (l *lookup) Process(_ context.Context, b *flow.Batch) error {
	c := l.caches.Take()
	defer l.caches.Give(c)
	c.use(l.databases.set.Load())
	var found, asked uint64
	count := func(k known) {
		asked++
		if k != (known{}) {
			found++
		}
	}
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		var src, dst known
		if l.wants(fl, Src, flow.SideSrc) && !fl.SrcAddr.IsZero() {
			src = c.ask(fl.SrcAddr)
			count(src)
		}
		if l.wants(fl, Dst, flow.SideDst) && !fl.DstAddr.IsZero() {
			dst = c.ask(fl.DstAddr)
			count(dst)
		}
		l.set(b, fl, src, dst)
	}
	l.found.Add(found)
	l.notFound.Add(asked - found)
	return nil
}

// wants reports whether an address is to be looked up: that of a side, which
// RemoteSide calls number.
func (l *lookup) wants(fl *flow.Flow, side Side, number uint8) bool {
	return l.sides&side != 0 || l.sides&Remote != 0 && fl.RemoteSide == number
}

// set sets the fields of a flow to what is known of its addresses.
func (l *lookup) set(b *flow.Batch, fl *flow.Flow, src, dst known) {
	if l.sides&Remote != 0 {
		switch {
		case fl.RemoteSide == flow.SideSrc && src.country != flow.Country{}:
			fl.SetRemoteCountry(src.country)
		case fl.RemoteSide == flow.SideDst && dst.country != flow.Country{}:
			fl.SetRemoteCountry(dst.country)
		}
	}
	if l.sides&Src != 0 && src != (known{}) {
		l.setSrc(b, fl, src)
	}
	if l.sides&Dst != 0 && dst != (known{}) {
		l.setDst(b, fl, dst)
	}
}

func (l *lookup) setSrc(b *flow.Batch, fl *flow.Flow, k known) {
	if k.country != (flow.Country{}) {
		fl.SetSrcCountry(k.country)
	}
	if k.city != 0 {
		b.SetSrcCity(fl, k.city)
	}
	if k.asn != 0 && (l.replace || fl.SrcAS == 0) {
		fl.SetSrcAS(k.asn)
	}
	if k.organisation != 0 && fl.SrcAS == k.asn {
		b.SetSrcASName(fl, k.organisation)
	}
}

// setDst is setSrc for the destination.
func (l *lookup) setDst(b *flow.Batch, fl *flow.Flow, k known) {
	if k.country != (flow.Country{}) {
		fl.SetDstCountry(k.country)
	}
	if k.city != 0 {
		b.SetDstCity(fl, k.city)
	}
	if k.asn != 0 && (l.replace || fl.DstAS == 0) {
		fl.SetDstAS(k.asn)
	}
	if k.organisation != 0 && fl.DstAS == k.asn {
		b.SetDstASName(fl, k.organisation)
	}
}
