package netflow

import "github.com/flowpipeline/pipeline/flow"

// names returns the flags of what options data has names for.
func (d *Decoder) names() (f flags) {
	for _, o := range [...]*domain{d.dom, d.ex.whole(d.dom)} {
		if o == nil {
			continue
		}
		if len(o.options.ports) > 0 {
			f |= inPort | outPort
		}
		if len(o.options.vrfs) > 0 {
			f |= inVRF | outVRF
		}
		if len(o.options.apps) > 0 {
			f |= app
		}
	}
	return f
}

// setNames sets the names that options data gave to numbers of the flow.
func (d *Decoder) setNames(f flags, fl *flow.Flow, b *flow.Batch) {
	if f&inPort != 0 {
		p := d.port(fl.InIf)
		setName(b, fl, flow.FieldInIfName, p.name)
		setName(b, fl, flow.FieldInIfDesc, p.desc)
	}
	if f&outPort != 0 {
		p := d.port(fl.OutIf)
		setName(b, fl, flow.FieldOutIfName, p.name)
		setName(b, fl, flow.FieldOutIfDesc, p.desc)
	}
	if f&inVRF != 0 {
		id, _ := b.IngressVRF(fl)
		setName(b, fl, flow.FieldIngressVRFName, d.vrf(id))
	}
	if f&outVRF != 0 {
		id, _ := b.EgressVRF(fl)
		setName(b, fl, flow.FieldEgressVRFName, d.vrf(id))
	}
	if f&app != 0 {
		id, _ := b.AppID(fl)
		setName(b, fl, flow.FieldAppName, d.app(id))
	}
}

func setName(b *flow.Batch, fl *flow.Flow, f flow.Field, n name) {
	if n.symbol != 0 {
		b.SetUint(fl, f, uint64(n.symbol))
	}
}

// port, vrf and app look up what is known in the flow's domain, and else in that
// of the whole exporter.

func (d *Decoder) port(index uint32) port {
	if p, ok := d.dom.options.ports[index]; ok {
		return p
	}
	if whole := d.ex.whole(d.dom); whole != nil {
		return whole.options.ports[index]
	}
	return port{}
}

func (d *Decoder) vrf(id uint32) name {
	if n, ok := d.dom.options.vrfs[id]; ok {
		return n
	}
	if whole := d.ex.whole(d.dom); whole != nil {
		return whole.options.vrfs[id]
	}
	return name{}
}

func (d *Decoder) app(id uint64) name {
	if n, ok := d.dom.options.apps[id]; ok {
		return n
	}
	if whole := d.ex.whole(d.dom); whole != nil {
		return whole.options.apps[id]
	}
	return name{}
}
