package packet

import "github.com/flowpipeline/pipeline/flow"

// Network layer protocol ids (ISO/IEC TR 9577, RFC 2427).
const (
	nlpidSNAP = 0x80
	nlpidIPv6 = 0x8e
	nlpidIPv4 = 0xcc
	nlpidPPP  = 0xcf
)

// snap returns the Ethernet type in an LLC and SNAP header at off, which is 8 bytes
// long, and false for any other LLC header. The organisation is that of RFC 1042 or
// of IEEE 802.1H.
func (d *decoder) snap(off int) (kind uint16, ok bool) {
	f := d.at(off)
	if len(f) < 8 || u32(f) != 0xaaaa0300 || f[4] != 0 || f[5] != 0 && f[5] != 0xf8 || u16(f[6:]) < minEtherType {
		return 0, false
	}
	return u16(f[6:]), true
}

// llc reads what an LLC header begins.
func (d *decoder) llc(off int) Refusal {
	if len(d.at(off)) < 8 {
		return Truncated
	}
	kind, ok := d.snap(off)
	if !ok {
		return LLC
	}
	return d.etherType(kind, off+8)
}

// macs takes over the addresses of a frame.
func (d *decoder) macs(dst, src []byte) {
	d.h.DstMAC, d.h.SrcMAC = flow.MAC(dst), flow.MAC(src)
	d.h.Has |= HasMAC
}

// fddi reads an FDDI frame (RFC 1390).
func (d *decoder) fddi() Refusal {
	const header, typeMask, typeLLC = 13, 0xf0, 0x50
	f := d.frame
	if len(f) < header {
		return Truncated
	}
	d.macs(f[1:7], f[7:13])
	if f[0]&typeMask != typeLLC {
		return LLC
	}
	return d.llc(header)
}

// tokenRing reads an IEEE 802.5 frame, with a source route or without.
func (d *decoder) tokenRing() Refusal {
	const header, typeMask, typeLLC, routed = 14, 0xc0, 0x40, 0x80
	f := d.frame
	if len(f) < header+1 {
		return Truncated
	}
	d.macs(f[2:8], f[8:14])
	off := header
	if f[8]&routed != 0 {
		d.h.SrcMAC[0] &^= routed
		off += int(f[header] & 0x1f)
	}
	if f[1]&typeMask != typeLLC {
		return LLC
	}
	return d.llc(off)
}

// wlan reads an IEEE 802.11 data frame that is not encrypted.
func (d *decoder) wlan() Refusal {
	const (
		typeMask, typeData                = 0x0c, 0x08
		empty, qos                        = 0x40, 0x80 // in the subtype
		toDS, fromDS, encrypted, htOrder  = 0x01, 0x02, 0x40, 0x80
		short, address, control, htLength = 24, 6, 2, 4
		aggregate                         = 0x80 // in the QoS control
	)
	f := d.frame
	if len(f) < short {
		return Truncated
	}
	if f[0]&typeMask != typeData || f[0]&empty != 0 {
		return UnsupportedLink
	}
	first, second, third := f[4:10], f[10:16], f[16:22]
	off := short
	switch f[1] & (toDS | fromDS) {
	case 0:
		d.macs(first, second)
	case toDS:
		d.macs(third, second)
	case fromDS:
		d.macs(first, third)
	default:
		off += address
		if len(f) < off {
			return Truncated
		}
		d.macs(third, f[short:off])
	}
	if f[1]&encrypted != 0 {
		return UnsupportedLink
	}
	if f[0]&qos != 0 {
		if len(f) < off+control {
			return Truncated
		}
		aggregated := f[off]&aggregate != 0
		off += control
		if f[1]&htOrder != 0 {
			off += htLength
		}
		if aggregated {
			return d.ethernet(off) // the first of several, with a length for a type
		}
	}
	return d.llc(off)
}

// frameRelay reads a frame with the encapsulation of RFC 2427, or with an
// Ethernet type in its place, as Cisco does.
func (d *decoder) frameRelay() Refusal {
	const last, unnumbered, maxAddress = 0x01, 0x03, 4
	f, off := d.frame, 0
	for off < maxAddress && off < len(f) && f[off]&last == 0 {
		off++
	}
	off++ // the byte that is the address' last
	if len(f) < off+2 {
		return Truncated
	}
	if f[off] != unnumbered {
		return d.etherType(u16(f[off:]), off+2)
	}
	off++
	if f[off] == 0 { // fill
		off++
	}
	f = d.at(off)
	if len(f) == 0 {
		return Truncated
	}
	off++
	switch f[0] {
	case nlpidIPv4:
		return d.announced(flow.EtherTypeIPv4, off)
	case nlpidIPv6:
		return d.announced(flow.EtherTypeIPv6, off)
	case nlpidPPP:
		return d.ppp(off)
	case nlpidSNAP:
		if len(f) < 6 {
			return Truncated
		}
		if f[1]|f[2]|f[3] == 0 {
			return d.etherType(u16(f[4:]), off+5)
		}
	}
	return OtherEtherType
}
