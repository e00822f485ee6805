package sflow

import (
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// router reads the route that the packet took.
func router(fl *flow.Flow, p []byte) bool {
	r := reader{rest: p}
	hop, ok := r.address()
	src, dst := r.u32(), r.u32()
	if !ok || r.short {
		return false
	}
	if !hop.IsZero() {
		fl.SetNextHop(hop)
	}
	if src <= 128 {
		fl.SetSrcPrefixLen(uint8(src))
	}
	if dst <= 128 {
		fl.SetDstPrefixLen(uint8(dst))
	}
	return true
}

// user reads who the packet is from, else who it is for.
func user(b *flow.Batch, fl *flow.Flow, p []byte) bool {
	r := reader{rest: p}
	r.u32() // character set
	name := r.opaque()
	r.u32()
	if to := r.opaque(); len(name) == 0 {
		name = to
	}
	if r.short {
		return false
	}
	if len(name) > 0 {
		// The batch copies the text.
		b.SetUser(fl, unsafe.String(unsafe.SliceData(name), len(name)))
	}
	return true
}

// mpls keeps the label stack that the packet came with, else the one it left
// with.
func (m *rare) mpls(p []byte) bool {
	r := reader{rest: p}
	hop, ok := r.address()
	in, out := r.list(), r.list()
	if !ok || r.short {
		return false
	}
	if len(in) == 0 {
		in = out
	}
	m.labels, m.mplsNextHop = in, hop
	return true
}

func nat(b *flow.Batch, fl *flow.Flow, p []byte) bool {
	r := reader{rest: p}
	src, okSrc := r.address()
	dst, okDst := r.address()
	if !okSrc || !okDst || r.short {
		return false
	}
	if !src.IsZero() {
		b.SetNATSrcAddr(fl, src)
	}
	if !dst.IsZero() {
		b.SetNATDstAddr(fl, dst)
	}
	return true
}

func natPort(b *flow.Batch, fl *flow.Flow, p []byte) bool {
	r := reader{rest: p}
	src, dst := r.u32(), r.u32()
	if r.short || src > 0xffff || dst > 0xffff {
		return false
	}
	b.SetNATSrcPort(fl, uint16(src))
	b.SetNATDstPort(fl, uint16(dst))
	return true
}

// tcpInfo reads what the host's stack knows of the connection.
func tcpInfo(b *flow.Batch, fl *flow.Flow, p []byte) bool {
	const size, retransmits, rtt = 48, 20, 28
	if len(p) < size {
		return false
	}
	if us := u32(p[rtt:]); us != 0 {
		b.SetRTT(fl, uint64(us)*1000)
	}
	b.SetRetransmits(fl, uint64(u32(p[retransmits:])))
	return true
}
