package sflow

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
	"github.com/flowpipeline/pipeline/internal/packetflow"
)

// Protocols that a sampled header may begin with. Token bus (2), X.25 (6), SMDS (8),
// IEEE 802.11 aggregates (16) and InfiniBand (18) are not known.
var headerLinks = [...]packet.LinkType{
	1:  packet.LinkEthernet,
	3:  packet.LinkTokenRing,
	4:  packet.LinkFDDI,
	5:  packet.LinkFrameRelay,
	7:  packet.LinkPPP,
	9:  packet.LinkATM,
	10: packet.LinkRaw, // IP in AAL5
	11: packet.LinkIPv4,
	12: packet.LinkIPv6,
	13: packet.LinkMPLS,
	14: packet.LinkPPPHDLC, // POS
	15: packet.LinkIEEE80211,
	17: packet.LinkEthernet, // of an IEEE 802.11 aggregate: addresses and a length
}

// unknownLink is a protocol that packet.Parse refuses.
const unknownLink packet.LinkType = 0xffff

func headerLink(protocol uint32) packet.LinkType {
	if protocol < uint32(len(headerLinks)) {
		if link := headerLinks[protocol]; link != packet.LinkNull {
			return link
		}
	}
	return unknownLink
}

// writePacket writes what the records together tell of the packet. A raw header
// tells more than the records that agents without one send.
func (d *Decoder) writePacket(b *flow.Batch, fl *flow.Flow, f *found) {
	p := &d.packet
	accepted := false
	if f.raw != nil {
		accepted = d.parseRaw(fl, f) == packet.Accepted
		packetflow.Packet(b, fl, p)
	} else {
		*p = packet.Packet{}
	}
	if f.rare != nil {
		d.writeRare(b, fl, f, accepted)
	}
	if f.vlan != nil {
		f.writeSwitch(b, fl)
	}
}

// writeRare writes what few samples have. Tags that were stripped go before what
// the extended switch record says of the priority.
func (d *Decoder) writeRare(b *flow.Batch, fl *flow.Flow, f *found, accepted bool) {
	m, p := f.rare, &d.packet
	if !accepted {
		m.writeSampled(fl, f.raw == nil)
	}
	if m.tunnelVLANs != nil {
		m.writeTunnelVLANs(b, fl, p)
	}
	if m.tunnel != nil {
		m.writeTunnel(b, fl, p)
	}
	if p.Tunnel == flow.TunnelNone && m.innerAt > 0 {
		d.writeInner(b, fl, f)
	}
	if m.hasVNI && (p.Tunnel == flow.TunnelNone || !p.HasTunnelID) {
		b.SetTunnelID(fl, uint64(m.vni))
	}
	if len(m.labels) > 0 && p.LabelCount == 0 {
		d.words = appendWords(d.words[:0], m.labels)
		packetflow.Labels(b, fl, d.words)
	}
	if !m.mplsNextHop.IsZero() && !fl.Has(flow.FieldNextHop) {
		fl.SetNextHop(m.mplsNextHop)
	}
}

// parseRaw parses the raw header.
func (d *Decoder) parseRaw(fl *flow.Flow, f *found) packet.Refusal {
	raw := f.raw
	frame, stripped := u32(raw[4:]), u32(raw[8:])
	if frame != 0 {
		fl.SetBytes(uint64(frame))
	}
	wire := int64(frame) - int64(stripped)
	refusal := packet.Parse(headerLink(u32(raw)), f.header(), int(min(max(wire, 0), maxFrame)), &d.packet)
	if refusal != packet.Accepted {
		d.counts.Headers[refusal]++
	}
	return refusal
}

// maxFrame bounds the length of a frame, so that it fits in an int anywhere.
const maxFrame = 1<<31 - 1

// header returns the sampled bytes of the raw header, if there is one.
func (f *found) header() []byte {
	if f.raw == nil {
		return nil
	}
	return f.raw[16 : 16+u32(f.raw[12:])]
}

// writeInner writes the packet that the agent is about to take out of a tunnel,
// or that it took out, of a kind that the headers do not tell: Ethernet or IP.
func (d *Decoder) writeInner(b *flow.Batch, fl *flow.Flow, f *found) {
	header := f.header()
	if uint64(f.rare.innerAt) >= uint64(len(header)) {
		return
	}
	header = header[f.rare.innerAt:]
	for _, link := range [...]packet.LinkType{packet.LinkEthernet, packet.LinkRaw} {
		if packet.Parse(link, header, 0, &d.inner) == packet.Accepted {
			packetflow.Inner(b, fl, &d.inner.Header)
			return
		}
	}
}

// Lengths of the records of an IP header.
const (
	sampledIPv4Len = 32
	sampledIPv6Len = 56
)

// writeSampled writes the records of agents that read the headers themselves, their
// lengths unless there is that of a raw header.
func (m *rare) writeSampled(fl *flow.Flow, sized bool) {
	if p := m.ipv4; p != nil {
		fl.SetEtherType(flow.EtherTypeIPv4)
		fl.SetSrcAddr(flow.AddrFrom4([4]byte(p[8:12])))
		fl.SetDstAddr(flow.AddrFrom4([4]byte(p[12:16])))
		writeTransport(fl, sized, u32(p), u32(p[4:]), p[16:])
	}
	if p := m.ipv6; p != nil {
		fl.SetEtherType(flow.EtherTypeIPv6)
		fl.SetSrcAddr(flow.Addr(p[8:24]))
		fl.SetDstAddr(flow.Addr(p[24:40]))
		writeTransport(fl, sized, u32(p), u32(p[4:]), p[40:])
	}
	if p := m.ethernet; p != nil {
		writeEthernet(fl, sized, p)
	}
}

// writeTransport writes what the IPv4 and the IPv6 record have alike: p is ports,
// TCP flags and type of service.
func writeTransport(fl *flow.Flow, sized bool, size, proto uint32, p []byte) {
	if sized && size != 0 {
		fl.SetBytes(uint64(size))
	}
	fl.SetProto(uint8(proto))
	fl.SetTOS(uint8(u32(p[12:])))
	switch uint8(proto) {
	case flow.ProtoTCP:
		fl.SetTCPFlags(uint16(u32(p[8:]) & 0x1ff))
	case flow.ProtoUDP, flow.ProtoSCTP, flow.ProtoUDPLite:
	default:
		return
	}
	fl.SetSrcPort(uint16(u32(p)))
	fl.SetDstPort(uint16(u32(p[4:])))
}

// writeEthernet writes an Ethernet record, whose frame length goes before that of
// the IP packet. XDR fills each address up to 8 bytes; some agents do not.
func writeEthernet(fl *flow.Flow, sized bool, p []byte) {
	if size := u32(p); sized && size != 0 {
		fl.SetBytes(uint64(size))
	}
	p = p[4:]
	step := 8
	if len(p) < 20 {
		step = 6
	}
	if !fl.Has(flow.FieldSrcMAC) {
		fl.SetSrcMAC(flow.MAC(p[:6]))
		fl.SetDstMAC(flow.MAC(p[step : step+6]))
	}
	if kind := u32(p[2*step:]); kind <= 0xffff && !fl.Has(flow.FieldEtherType) {
		fl.SetEtherType(uint16(kind))
	}
}
