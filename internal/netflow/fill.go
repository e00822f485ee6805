package netflow

import "github.com/flowpipeline/pipeline/flow"

// rateCache is the rate of the sampler of the record before.
type rateCache struct {
	sampler uint32
	rate    uint32
	valid   bool
}

// begin prepares what all flows of a set have in common.
func (d *Decoder) begin(j *job) {
	p := j.template.program
	d.base, d.at = p.proto, j.header
	d.base.TimeReceived = j.header.received
	d.base.SequenceNum = j.header.sequence
	d.base.Exporter = d.source
	d.base.ObservationDomain = d.dom.id
	d.rate = rateCache{}
	whole := d.ex.whole(d.dom)
	if p.flags&fetchInit != 0 {
		d.at.relativeTo(d.dom.options.initMs)
		if whole != nil && !d.at.relative {
			d.at.relativeTo(whole.options.initMs)
		}
	}
	d.varies = d.dom.options.rated || whole != nil && whole.options.rated
	d.rec = record{}
	if rate, fixed := d.setRate(p.flags); fixed && rate != 0 {
		d.base.SetSamplingRate(rate)
	}
}

// setRate returns the rate that all flows of a set have, and whether they have
// the same.
func (d *Decoder) setRate(f flags) (uint32, bool) {
	if d.ex.override != 0 {
		return d.ex.override, true
	}
	if f&(sampled|hasSampler) != 0 || d.varies {
		return 0, false
	}
	return d.knownRate(0, false, 0), true
}

// knownRate returns the rate by options data or configuration, 0 for none.
func (d *Decoder) knownRate(sampler uint32, hasSampler bool, ifIndex uint32) uint32 {
	if r := d.dom.options.rateOf(sampler, hasSampler, ifIndex); r != 0 {
		return r
	}
	if whole := d.ex.whole(d.dom); whole != nil {
		if r := whole.options.rateOf(sampler, hasSampler, ifIndex); r != 0 {
			return r
		}
	}
	if hasSampler && sampler != 0 {
		d.counters[SamplersUnknown]++
	}
	return d.ex.fallback
}

// fillTemplate decodes the records of a set; false when b is full.
func (d *Decoder) fillTemplate(j *job, b *flow.Batch) bool {
	t := j.template
	p := t.program
	d.begin(j)
	finish := p.flags&(etherByAddr|innerByAddr|stackLabels|sampled|hasSampler|fetchInit|derived) != 0 || d.varies
	named := p.flags&d.names() != 0
	for len(j.data) > 0 {
		d.block.lay(t, j.data)
		flows := b.Extend(&d.base, d.block.n)
		if len(flows) == 0 {
			return false
		}
		d.block.cut(len(flows))
		d.runFast(p.fast, flows, b)
		if len(p.code) > 0 || finish || named {
			for i := range flows {
				fl := &flows[i]
				if p.flags&perRecord != 0 {
					d.rec = record{}
				}
				d.run(p.code, i, fl, b)
				if finish {
					d.finish(p.flags, fl, b)
				}
				if named {
					d.setNames(p.flags, fl, b)
				}
			}
		}
		if p.flags&icmpFromPort != 0 {
			for i := range flows {
				icmpByPort(&flows[i])
			}
		}
		d.counters[Flows] += uint64(len(flows))
		j.data = j.data[d.block.rest:]
	}
	return true
}

// finish sets what follows from the fields of a flow.
func (d *Decoder) finish(f flags, fl *flow.Flow, b *flow.Batch) {
	if f&etherByAddr != 0 {
		if e := etherType(fl.SrcAddr, fl.DstAddr); e != 0 {
			fl.SetEtherType(e)
		}
	}
	if f&innerByAddr != 0 {
		if a, ok := b.InnerSrcAddr(fl); ok && !a.IsZero() {
			b.SetInnerEtherType(fl, etherType(a, a))
		}
	}
	if f&stackLabels != 0 && d.rec.count > 0 {
		b.SetMPLSLabels(fl, d.rec.labels[:d.rec.count])
	}
	if f&derived != 0 {
		d.derive(fl, b)
	}
	if d.rec.unresolved && !fl.Has(flow.FieldTimeStart) && !fl.Has(flow.FieldTimeEnd) {
		d.counters[TimesUnresolved]++
	}
	if d.ex.override == 0 && (f&(sampled|hasSampler) != 0 || d.varies) {
		if rate := d.flowRate(f, fl); rate != 0 {
			fl.SetSamplingRate(rate)
		}
	}
}

// flowRate returns the rate of one flow: what its record says, else what is
// known of its sampler.
func (d *Decoder) flowRate(f flags, fl *flow.Flow) uint32 {
	if f&sampled != 0 {
		if rate, ok := d.rec.rate(); ok {
			return rate
		}
	}
	has := f&hasSampler != 0 && fl.Has(flow.FieldSamplerID)
	if d.varies {
		return d.knownRate(fl.SamplerID, has, fl.InIf)
	}
	if !d.rate.valid || d.rate.sampler != fl.SamplerID {
		d.rate = rateCache{fl.SamplerID, d.knownRate(fl.SamplerID, has, 0), true}
	}
	return d.rate.rate
}

// etherType returns the type of the packets between two addresses, of which one
// may be empty; 0 if both are.
func etherType(src, dst flow.Addr) uint16 {
	if src.IsZero() {
		src = dst
	}
	switch {
	case src.IsZero():
		return 0
	case src.Is4():
		return flow.EtherTypeIPv4
	}
	return flow.EtherTypeIPv6
}

// icmpByPort reads ICMP type and code from the destination port, where exporters
// without an element for them put them. A port of 0 says nothing.
func icmpByPort(fl *flow.Flow) {
	if (fl.Proto == flow.ProtoICMP || fl.Proto == flow.ProtoICMPv6) && fl.DstPort != 0 {
		fl.SetICMPType(uint8(fl.DstPort >> 8))
		fl.SetICMPCode(uint8(fl.DstPort))
	}
}
