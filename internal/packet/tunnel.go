package packet

import "github.com/flowpipeline/pipeline/flow"

// TunnelOf returns the tunnel that a header tells by its protocol and, for UDP, its
// destination port; flow.TunnelNone when it tells none.
func TunnelOf(proto uint8, dstPort uint16) uint8 {
	switch proto {
	case flow.ProtoGRE:
		return flow.TunnelGRE
	case flow.ProtoIPIP, flow.ProtoIPv6:
		return flow.TunnelIPIP
	case flow.ProtoUDP:
		switch dstPort {
		case portVXLAN, portVXLANLinux:
			return flow.TunnelVXLAN
		case portGeneve:
			return flow.TunnelGeneve
		case portTeredo:
			return flow.TunnelTeredo
		}
	}
	return flow.TunnelNone
}

// tunnel looks for a packet inside the one whose transport header f is, off
// bytes into the frame. A tunnel inside a tunnel is not followed.
func (d *decoder) tunnel(off int, f []byte) {
	switch d.h.Proto {
	case flow.ProtoUDP:
		if d.h.Has&HasPorts == 0 {
			return
		}
		switch d.h.DstPort {
		case portVXLAN, portVXLANLinux:
			d.vxlan(off+8, f)
		case portGeneve:
			d.geneve(off+8, f)
		case portTeredo:
			d.teredo(off+8, f)
		default:
			if d.h.SrcPort == portTeredo {
				d.teredo(off+8, f)
			}
		}
	case flow.ProtoGRE:
		d.gre(off, f)
	case flow.ProtoIPIP:
		d.enter(flow.TunnelIPIP, flow.EtherTypeIPv4, off)
	case flow.ProtoIPv6:
		d.enter(flow.TunnelIPIP, flow.EtherTypeIPv6, off)
	}
}

// enter reads what a tunnel carries, given by its Ethernet type. A payload that
// is no IP packet leaves the type and what else is known.
func (d *decoder) enter(tunnel uint8, kind uint16, off int) {
	p := d.p
	p.Tunnel = tunnel
	p.Inner = Header{}
	d.h = &p.Inner
	if kind == typeTransparent {
		d.ethernet(off)
	} else {
		d.etherType(kind, off)
	}
	d.h = &p.Header
}

// inside returns the frame from off on, as far as f, the transport header and
// payload, reaches.
func inside(f []byte, skip int) []byte {
	if skip >= len(f) {
		return nil
	}
	return f[skip:]
}

func (d *decoder) vxlan(off int, f []byte) {
	f = inside(f, 8)
	if len(f) < 8 || f[0]&0x08 == 0 {
		return
	}
	d.p.TunnelID, d.p.HasTunnelID = uint64(u32(f[4:])>>8), true
	d.enter(flow.TunnelVXLAN, typeTransparent, off+8)
}

func (d *decoder) geneve(off int, f []byte) {
	f = inside(f, 8)
	if len(f) < 8 || f[0]>>6 != 0 {
		return
	}
	d.p.TunnelID, d.p.HasTunnelID = uint64(u32(f[4:])>>8), true
	d.enter(flow.TunnelGeneve, u16(f[2:]), off+8+int(f[0]&0x3f)*4)
}

// teredo skips the authentication and origin headers (RFC 4380 5.1.1) and
// believes only what looks like IPv6.
func (d *decoder) teredo(off int, f []byte) {
	f = inside(f, 8)
	if len(f) >= 13 && u16(f) == 0x0001 {
		skip := 13 + int(f[2]) + int(f[3])
		off += skip
		f = inside(f, skip)
	}
	if len(f) >= 8 && u16(f) == 0x0000 {
		off += 8
		f = f[8:]
	}
	if len(f) < 40 || f[0]>>4 != 6 {
		return
	}
	d.enter(flow.TunnelTeredo, flow.EtherTypeIPv6, off)
}

// gre reads a GRE header (RFC 2784, RFC 2890; version 1: RFC 2637).
func (d *decoder) gre(off int, f []byte) {
	const checksum, routing, key, sequence, ack = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	if len(f) < 4 {
		return
	}
	flags, kind := u16(f), u16(f[2:])
	n := 4
	if flags&(checksum|routing) != 0 {
		n += 4
	}
	if flags&key != 0 {
		if len(f) < n+4 {
			return
		}
		id := u32(f[n:])
		if flags&7 == 1 {
			id &= 0xffff // the upper half is a length
		}
		d.p.TunnelID, d.p.HasTunnelID = uint64(id), true
		n += 4
	}
	if flags&sequence != 0 {
		n += 4
	}
	if flags&7 == 1 && flags&ack != 0 {
		n += 4
	}
	switch {
	case flags&routing != 0:
		// Source routes (RFC 1701) are gone from the network.
		d.p.Tunnel, d.p.Inner = flow.TunnelGRE, Header{Details: Details{EtherType: kind, Has: HasEtherType}}
	case flags&7 == 1 && kind == typePPP:
		d.grePPP(off + n)
	case kind == typeERSPAN2 && flags&sequence != 0:
		d.enter(flow.TunnelGRE, typeTransparent, off+n+8)
	case kind == typeERSPAN2:
		d.enter(flow.TunnelGRE, typeTransparent, off+n)
	case kind == typeERSPAN3:
		d.enter(flow.TunnelGRE, typeTransparent, off+n+erspan3Len(inside(f, n)))
	default:
		d.enter(flow.TunnelGRE, kind, off+n)
	}
}

func (d *decoder) grePPP(off int) {
	p := d.p
	p.Tunnel, p.Inner = flow.TunnelGRE, Header{}
	d.h = &p.Inner
	d.ppp(off)
	d.h = &p.Header
}

// erspan3Len returns the length of an ERSPAN type III header, which has a
// platform-specific part when its last bit is set.
func erspan3Len(f []byte) int {
	if len(f) >= 12 && f[11]&1 != 0 {
		return 20
	}
	return 12
}
