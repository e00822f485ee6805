package packet

import "github.com/flowpipeline/pipeline/flow"

// Ethernet types that lead somewhere, beside those of package flow.
const (
	typeVLAN           = 0x8100 // IEEE 802.1Q
	typeServiceVLAN    = 0x88a8 // IEEE 802.1ad
	typeOldQinQ        = 0x9100
	typePPPoEDiscovery = 0x8863
	typePPPoESession   = 0x8864
	typeRARP           = 0x8035
	typeTransparent    = 0x6558 // transparent Ethernet bridging, RFC 1701
	typeERSPAN2        = 0x88be
	typeERSPAN3        = 0x22eb
	typePPP            = 0x880b
	minEtherType       = 0x0600 // below it, a length
)

func (d *decoder) ethernet(off int) Refusal {
	f := d.at(off)
	if len(f) < 14 {
		return Truncated
	}
	d.macs(f[0:6], f[6:12])
	return d.etherType(u16(f[12:]), off+14)
}

// etherType follows tags to what the frame carries.
func (d *decoder) etherType(kind uint16, off int) Refusal {
	for tags := 0; ; tags++ {
		d.h.EtherType = kind
		d.h.Has |= HasEtherType
		switch kind {
		case flow.EtherTypeIPv4:
			return d.ipv4(off)
		case flow.EtherTypeIPv6:
			return d.ipv6(off)
		case typeVLAN, typeServiceVLAN, typeOldQinQ:
			f := d.at(off)
			if len(f) < 4 {
				return Truncated
			}
			if tags == maxTags {
				return TooManyTags
			}
			d.tag(u16(f))
			kind = u16(f[2:])
			off += 4
			continue
		case flow.EtherTypeMPLS, flow.EtherTypeMPLSMulticast:
			return d.mpls(off)
		case typePPPoESession:
			return d.pppoe(off)
		case typePPPoEDiscovery:
			return PPPControl
		case flow.EtherTypeARP, typeRARP:
			return ARP
		case flow.EtherTypeLLDP:
			return LLDP
		}
		if kind >= minEtherType {
			return OtherEtherType
		}
		// A length: LLC follows. SNAP with a zero organisation has a type again.
		next, ok := d.snap(off)
		if !ok || tags == maxTags {
			return LLC
		}
		kind = next
		off += 8
	}
}

func (d *decoder) tag(tci uint16) {
	if !d.own() || d.wired {
		return
	}
	switch d.p.Tags {
	case 0:
		d.p.VLAN = tci & 0xfff
		d.p.VLANPriority = uint8(tci >> 13)
	case 1:
		d.p.InnerVLAN = tci & 0xfff
	}
	d.p.Tags++
}

// mpls follows a label stack (RFC 3032) to the IP packet at its bottom.
func (d *decoder) mpls(off int) Refusal {
	if d.stacks++; d.stacks > maxStacks {
		return TooManyTags
	}
	for n := 0; ; n++ {
		f := d.at(off)
		if len(f) < 4 {
			return Truncated
		}
		if n == maxStack {
			return TooManyTags
		}
		entry := u32(f)
		if d.own() && d.p.LabelCount < MaxLabels {
			d.p.Labels[d.p.LabelCount] = entry
			d.p.LabelCount++
		}
		off += 4
		if entry&0x100 != 0 {
			break
		}
	}
	// The stack does not tell what it carries (RFC 4928).
	f := d.at(off)
	if len(f) == 0 {
		return Truncated
	}
	switch f[0] >> 4 {
	case 4, 6:
		return d.rawIP(off)
	case 0:
		// A control word (RFC 4385), then as a rule an Ethernet frame.
		return d.pseudowire(off + 4)
	}
	return MPLSPayload
}

// pseudowire reads the Ethernet frame that a pseudowire carries. Only a frame that
// leads to IP is believed: the stack does not say that it is Ethernet. Its VLAN
// tags are not the packet's own.
func (d *decoder) pseudowire(off int) Refusal {
	d.wired = true
	mac, had := *d.h, d.h.Has
	if d.ethernet(off) != Accepted {
		*d.h = mac
		return MPLSPayload
	}
	if had&HasMAC != 0 {
		// The MAC addresses of the flow are those of the frame itself.
		d.h.SrcMAC, d.h.DstMAC = mac.SrcMAC, mac.DstMAC
	}
	return Accepted
}
