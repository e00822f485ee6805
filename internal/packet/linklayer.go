package packet

import "github.com/flowpipeline/pipeline/flow"

// arphrdNetlink is the hardware type of netlink messages, which are no frames.
const arphrdNetlink = 824

// PPP protocol numbers.
const (
	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
	pppMPLS = 0x0281
)

func (d *decoder) cooked() Refusal {
	f := d.frame
	if len(f) < 16 {
		return Truncated
	}
	d.cookedMAC(u16(f[4:]), f[6:14])
	return d.cookedPayload(u16(f[2:]), u16(f[14:]), 16)
}

func (d *decoder) cooked2() Refusal {
	f := d.frame
	if len(f) < 20 {
		return Truncated
	}
	d.p.IfIndex = u32(f[4:])
	d.cookedMAC(uint16(f[11]), f[12:20])
	return d.cookedPayload(u16(f[8:]), u16(f), 20)
}

func (d *decoder) cookedMAC(n uint16, addr []byte) {
	if n == 6 {
		d.h.SrcMAC = flow.MAC(addr[:6])
		d.h.Has |= HasSrcMAC
	}
}

func (d *decoder) cookedPayload(hardware, protocol uint16, off int) Refusal {
	if hardware == arphrdNetlink {
		return UnsupportedLink
	}
	return d.etherType(protocol, off)
}

// loopback reads the address family, whose byte order and numbers differ
// between systems.
func (d *decoder) loopback() Refusal {
	if len(d.frame) < 4 {
		return Truncated
	}
	family := u32(d.frame)
	if family > 0xffff {
		family = uint32(d.frame[0]) | uint32(d.frame[1])<<8
	}
	switch family {
	case 2:
		return d.announced(flow.EtherTypeIPv4, 4)
	case 10, 24, 28, 30:
		return d.announced(flow.EtherTypeIPv6, 4)
	}
	return OtherEtherType
}

// rawIP reads an IP packet by its version.
func (d *decoder) rawIP(off int) Refusal {
	f := d.at(off)
	if len(f) == 0 {
		return Truncated
	}
	switch f[0] >> 4 {
	case 4:
		return d.announced(flow.EtherTypeIPv4, off)
	case 6:
		return d.announced(flow.EtherTypeIPv6, off)
	}
	return BadVersion
}

// announced reads an IP packet that a header without an Ethernet type told.
func (d *decoder) announced(kind uint16, off int) Refusal {
	d.h.EtherType = kind
	d.h.Has |= HasEtherType
	if kind == flow.EtherTypeIPv4 {
		return d.ipv4(off)
	}
	return d.ipv6(off)
}

// pppoe reads a session packet (RFC 2516).
func (d *decoder) pppoe(off int) Refusal {
	f := d.at(off)
	if len(f) < 6 {
		return Truncated
	}
	if f[1] != 0 {
		return PPPControl
	}
	return d.ppp(off + 6)
}

// ppp reads a PPP packet, with or without HDLC framing, its protocol in one byte
// or two (RFC 1661, RFC 1662).
func (d *decoder) ppp(off int) Refusal {
	f := d.at(off)
	if len(f) >= 2 && f[0] == 0xff && f[1] == 0x03 {
		off += 2
		f = f[2:]
	}
	if len(f) < 2 {
		return Truncated
	}
	protocol := u16(f)
	if f[0]&1 != 0 {
		protocol = uint16(f[0])
		off--
	}
	off += 2
	switch protocol {
	case pppIPv4:
		return d.announced(flow.EtherTypeIPv4, off)
	case pppIPv6:
		return d.announced(flow.EtherTypeIPv6, off)
	case pppMPLS:
		return d.mpls(off)
	}
	return PPPControl
}
