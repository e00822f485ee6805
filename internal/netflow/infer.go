package netflow

import "github.com/flowpipeline/pipeline/flow"

// infer sets what follows from which fields a template has.
func (c *compiler) infer() {
	p := c.p
	v4 := c.ids[ieSourceIPv4] || c.ids[ieDestinationIPv4] || c.ids[ieSourceIPv4Prefix] || c.ids[ieDestinationIPv4Prefix]
	v6 := c.ids[ieSourceIPv6] || c.ids[ieDestinationIPv6] || c.ids[ieSourceIPv6Prefix] || c.ids[ieDestinationIPv6Prefix]
	switch {
	case c.seen[flow.FieldEtherType]:
	case v4 && v6:
		p.flags |= etherByAddr
	case v4:
		c.mark(flow.FieldEtherType)
		p.proto.EtherType = flow.EtherTypeIPv4
	case v6:
		c.mark(flow.FieldEtherType)
		p.proto.EtherType = flow.EtherTypeIPv6
	}
	if c.seen[flow.FieldInnerSrcAddr] && !c.seen[flow.FieldInnerEtherType] {
		p.flags |= innerByAddr
	}
	if !c.seen[flow.FieldProto] {
		c.inferProto()
	}
	if c.seen[flow.FieldDstPort] && !c.seen[flow.FieldICMPType] && !c.seen[flow.FieldICMPCode] {
		p.flags |= icmpFromPort
	}
	for _, x := range []struct {
		has, name flow.Field
		flag      flags
	}{
		{flow.FieldSamplerID, 0, hasSampler},
		{flow.FieldInIf, flow.FieldInIfName, inPort},
		{flow.FieldOutIf, flow.FieldOutIfName, outPort},
		{flow.FieldIngressVRF, flow.FieldIngressVRFName, inVRF},
		{flow.FieldEgressVRF, flow.FieldEgressVRFName, outVRF},
		{flow.FieldAppID, flow.FieldAppName, app},
	} {
		if c.seen[x.has] && !c.seen[x.name] {
			p.flags |= x.flag
		}
	}
}

// inferProto sets the protocol that a template without one implies.
func (c *compiler) inferProto() {
	proto := uint8(0)
	for _, x := range []struct {
		proto uint8
		ids   []uint16
	}{
		{flow.ProtoICMP, []uint16{ieICMPTypeCodeIPv4, ieICMPTypeIPv4, ieICMPCodeIPv4}},
		{flow.ProtoICMPv6, []uint16{ieICMPTypeCodeIPv6, ieICMPTypeIPv6, ieICMPCodeIPv6}},
		{flow.ProtoTCP, []uint16{ieTCPSourcePort, ieTCPDestinationPort}},
		{flow.ProtoUDP, []uint16{ieUDPSourcePort, ieUDPDestinationPort}},
	} {
		for _, id := range x.ids {
			if !c.ids[id] {
				continue
			}
			if proto != 0 && proto != x.proto {
				return
			}
			proto = x.proto
		}
	}
	if proto != 0 {
		c.mark(flow.FieldProto)
		c.p.proto.Proto = proto
	}
}
