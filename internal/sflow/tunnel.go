package sflow

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// writeTunnel writes the outer header of a tunnel that the sampled header does not
// have any more, or not yet. The flow is the packet that was sampled.
func (m *rare) writeTunnel(b *flow.Batch, fl *flow.Flow, p *packet.Packet) {
	var ports []byte
	if t := m.tunnel; len(t) < sampledIPv6Len {
		b.SetTunnelSrcAddr(fl, flow.AddrFrom4([4]byte(t[8:12])))
		b.SetTunnelDstAddr(fl, flow.AddrFrom4([4]byte(t[12:16])))
		ports = t[16:]
	} else {
		b.SetTunnelSrcAddr(fl, flow.Addr(t[8:24]))
		b.SetTunnelDstAddr(fl, flow.Addr(t[24:40]))
		ports = t[40:]
	}
	if p.Tunnel != flow.TunnelNone {
		return // another one
	}
	if kind := packet.TunnelOf(uint8(u32(m.tunnel[4:])), uint16(u32(ports[4:]))); kind != flow.TunnelNone {
		b.SetTunnelType(fl, kind)
	}
}
