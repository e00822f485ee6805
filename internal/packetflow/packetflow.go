package packetflow

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// minEtherType is the least number that is a type; those below are lengths.
const minEtherType = 0x0600

// Packet writes all that is known of one packet. The packet may be one that
// Parse refused.
func Packet(b *flow.Batch, fl *flow.Flow, p *packet.Packet) {
	if p.Has&packet.HasIP != 0 {
		network(fl, &p.Src, &p.Dst, p.Proto, p.TOS)
		switch {
		case p.Has&packet.HasPorts != 0:
			ports(fl, p.SrcPort, p.DstPort)
		case p.Has&packet.HasICMP != 0:
			icmp(fl, p.ICMPType, p.ICMPCode)
		}
	}
	if p.Tags > 0 {
		fl.SetVLAN(p.VLAN)
		if p.Tags > 1 {
			b.SetInnerVLAN(fl, p.InnerVLAN)
		}
	}
	if p.IfIndex != 0 {
		fl.SetInIf(p.IfIndex)
	}
	details(b, fl, &p.Details, linkOf(p))
	if p.Has&packet.HasTCPFlags != 0 {
		fl.SetTCPFlags(p.TCPFlags)
	}
	if p.Any() {
		Extra(b, fl, &p.Extra)
	}
}

// Key writes what the packets of a flow have in common.
func Key(b *flow.Batch, fl *flow.Flow, k *packet.Key) {
	network(fl, &k.Src, &k.Dst, k.Proto, k.TOS)
	switch {
	case k.Has&packet.KeyPorts != 0:
		ports(fl, uint16(k.Ports>>16), uint16(k.Ports))
	case k.Has&packet.KeyICMP != 0:
		icmp(fl, uint8(k.Ports>>8), uint8(k.Ports))
	}
	if k.Has&packet.KeyVLAN != 0 {
		fl.SetVLAN(k.VLAN)
	}
	if k.Has&packet.KeyInnerVLAN != 0 {
		b.SetInnerVLAN(fl, k.InnerVLAN)
	}
	switch {
	case k.Has&packet.KeyEgress != 0:
		fl.SetDirection(flow.DirectionEgress)
	case k.Has&packet.KeyIngress != 0:
		fl.SetDirection(flow.DirectionIngress)
	}
	switch {
	case k.IfIndex == 0:
	case k.Has&packet.KeyEgress != 0:
		fl.SetOutIf(k.IfIndex)
	default:
		fl.SetInIf(k.IfIndex)
	}
}

func network(fl *flow.Flow, src, dst *flow.Addr, proto, tos uint8) {
	fl.SetSrcAddr(*src)
	fl.SetDstAddr(*dst)
	fl.SetProto(proto)
	fl.SetTOS(tos)
}

func ports(fl *flow.Flow, src, dst uint16) {
	fl.SetSrcPort(src)
	fl.SetDstPort(dst)
}

func icmp(fl *flow.Flow, kind, code uint8) {
	fl.SetICMPType(kind)
	fl.SetICMPCode(code)
}

// Extra writes labels, segments and what a tunnel carries.
func Extra(b *flow.Batch, fl *flow.Flow, x *packet.Extra) {
	if x.LabelCount > 0 {
		Labels(b, fl, x.Labels[:x.LabelCount])
	}
	if x.Routing {
		b.SetSRv6SegmentsLeft(fl, x.SegmentsLeft)
		b.SetSRv6Tag(fl, x.SegmentTag)
		b.SetSRv6Segments(fl, x.Segments[:x.SegmentCount])
		if x.SegmentsLeft < x.SegmentCount {
			b.SetSRv6ActiveSegment(fl, x.Segments[x.SegmentsLeft])
		}
	}
	if x.Tunnel != flow.TunnelNone {
		b.SetTunnelType(fl, x.Tunnel)
		if x.HasTunnelID {
			b.SetTunnelID(fl, x.TunnelID)
		}
		Inner(b, fl, &x.Inner)
	}
}

// Labels writes the entries of an MPLS label stack (RFC 3032), top first, no
// more than packet.MaxLabels of them.
func Labels(b *flow.Batch, fl *flow.Flow, entries []uint32) {
	var labels, ttls [packet.MaxLabels]uint32
	n := min(len(entries), packet.MaxLabels)
	for i, entry := range entries[:n] {
		labels[i], ttls[i] = packet.Label(entry), packet.LabelTTL(entry)
	}
	b.SetMPLSLabels(fl, labels[:n])
	b.SetMPLSTTLs(fl, ttls[:n])
}

// Inner writes the headers of a packet that a tunnel carries.
func Inner(b *flow.Batch, fl *flow.Flow, h *packet.Header) {
	if h.Has&packet.HasEtherType != 0 {
		b.SetInnerEtherType(fl, h.EtherType)
	}
	if h.Has&packet.HasMAC != 0 {
		b.SetInnerSrcMAC(fl, h.SrcMAC)
		b.SetInnerDstMAC(fl, h.DstMAC)
	}
	if h.Has&packet.HasIP == 0 {
		return
	}
	b.SetInnerSrcAddr(fl, h.Src)
	b.SetInnerDstAddr(fl, h.Dst)
	b.SetInnerProto(fl, h.Proto)
	b.SetInnerTOS(fl, h.TOS)
	if h.Has&packet.HasPorts != 0 {
		b.SetInnerSrcPort(fl, h.SrcPort)
		b.SetInnerDstPort(fl, h.DstPort)
	}
	if h.Has&packet.HasTCPFlags != 0 {
		b.SetInnerTCPFlags(fl, h.TCPFlags)
	}
}
