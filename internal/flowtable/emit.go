package flowtable

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// write adds a record to the batch, which must have room.
func (t *Table) write(id ref, reason uint8, b *flow.Batch) {
	r := t.records.at(id)
	fl := b.Next()
	fl.SetType(flow.TypePacket)
	fl.SetTimeReceived(t.clock)
	fl.SetTimeStart(r.start)
	fl.SetTimeEnd(r.end)
	fl.SetBytes(r.bytes)
	fl.SetPackets(r.packets)
	fl.SetEndReason(reason)
	writeKey(b, fl, &r.key)
	writeFirst(b, fl, r)
	if r.extra != 0 {
		t.extras.at(r.extra).write(b, fl)
	}
	if t.config.Statistics {
		t.statistics.at(id).write(b, fl, r.hasFlags)
	}
}

func writeKey(b *flow.Batch, fl *flow.Flow, k *packet.Key) {
	fl.SetSrcAddr(k.Src)
	fl.SetDstAddr(k.Dst)
	fl.SetProto(k.Proto)
	fl.SetTOS(k.TOS)
	switch {
	case k.Has&packet.KeyPorts != 0:
		fl.SetSrcPort(uint16(k.Ports >> 16))
		fl.SetDstPort(uint16(k.Ports))
	case k.Has&packet.KeyICMP != 0:
		fl.SetICMPType(uint8(k.Ports >> 8))
		fl.SetICMPCode(uint8(k.Ports))
	}
	if k.Has&packet.KeyVLAN != 0 {
		fl.SetVLAN(k.VLAN)
	}
	if k.Has&packet.KeyInnerVLAN != 0 {
		b.SetInnerVLAN(fl, k.InnerVLAN)
	}
	if k.IfIndex != 0 {
		fl.SetInIf(k.IfIndex)
	}
}

func writeFirst(b *flow.Batch, fl *flow.Flow, r *record) {
	fl.SetEtherType(r.etherType)
	fl.SetTTL(r.ttl)
	fl.SetMinTTL(r.minTTL)
	fl.SetMaxTTL(r.maxTTL)
	if r.hasFlags {
		fl.SetTCPFlags(r.tcpFlags)
	}
	if r.ifName != 0 {
		fl.SetInIfName(r.ifName)
	}
	if !r.srcMAC.IsZero() {
		fl.SetSrcMAC(r.srcMAC)
	}
	if !r.dstMAC.IsZero() {
		fl.SetDstMAC(r.dstMAC)
	}
	if r.key.Has&packet.KeyVLAN != 0 {
		b.SetVLANPriority(fl, r.vlanPriority)
	}
	v4 := r.etherType == flow.EtherTypeIPv4
	fragment := r.has&packet.HasFragment != 0
	if v4 || fragment {
		fl.SetIPFlags(r.ipFlags)
	}
	if !v4 {
		fl.SetFlowLabel(r.flowLabel)
	}
	if fragment {
		fl.SetFragmentID(r.fragmentID)
		fl.SetFragmentOffset(r.fragmentOffset)
	}
}

func (x *extra) write(b *flow.Batch, fl *flow.Flow) {
	if n := x.labelCount; n > 0 {
		var labels, ttls [packet.MaxLabels]uint32
		for i, entry := range x.labels[:n] {
			labels[i], ttls[i] = packet.Label(entry), packet.LabelTTL(entry)
		}
		b.SetMPLSLabels(fl, labels[:n])
		b.SetMPLSTTLs(fl, ttls[:n])
	}
	if x.routing {
		b.SetSRv6SegmentsLeft(fl, x.segmentsLeft)
		b.SetSRv6Tag(fl, x.segmentTag)
		b.SetSRv6Segments(fl, x.segments[:x.segmentCount])
		if x.segmentsLeft < x.segmentCount {
			b.SetSRv6ActiveSegment(fl, x.segments[x.segmentsLeft])
		}
	}
	if x.tunnel != flow.TunnelNone {
		b.SetTunnelType(fl, x.tunnel)
		if x.hasTunnelID {
			b.SetTunnelID(fl, x.tunnelID)
		}
		writeInner(b, fl, &x.inner)
	}
}

func writeInner(b *flow.Batch, fl *flow.Flow, h *packet.Header) {
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
