package packet

import (
	"encoding/binary"

	"github.com/flowpipeline/pipeline/flow"
)

// decoder is one call of Parse. h is the header being filled: the packet's own,
// or that inside a tunnel.
type decoder struct {
	p     *Packet
	h     *Header
	frame []byte // what was captured, up to the end of the IP packet once that is known
	wire  int    // length of it on the wire

	stacks int  // label stacks followed
	wired  bool // the frame that a pseudowire carries is being read
}

// Parse reads the headers of a frame. data is what was captured of it and
// wireLen its length on the wire, which is taken to be at least len(data). p is
// overwritten. When Parse refuses the frame, p holds what it read before: what
// Has and Tags name.
func Parse(link LinkType, data []byte, wireLen int, p *Packet) Refusal {
	p.Header = Header{}
	wire := max(wireLen, len(data))
	p.WireLen = uint32(wire)
	p.IfIndex, p.IfName, p.Direction = 0, 0, 0
	p.VLAN, p.InnerVLAN, p.Tags, p.VLANPriority = 0, 0, 0, 0
	p.LabelCount, p.SegmentCount, p.Routing = 0, 0, false
	p.Tunnel, p.HasTunnelID, p.TunnelID = flow.TunnelNone, false, 0
	// Not a literal: it would be made elsewhere and copied with loads wider than
	// the stores just before, for which a processor waits.
	var d decoder
	d.p, d.h, d.frame, d.wire = p, &p.Header, data, wire
	return d.link(link)
}

func (d *decoder) link(link LinkType) Refusal {
	switch link {
	case LinkEthernet:
		return d.ethernet(0)
	case LinkRaw, LinkRawBSD, LinkRawOpen:
		return d.rawIP(0)
	case LinkIPv4:
		return d.announced(flow.EtherTypeIPv4, 0)
	case LinkIPv6:
		return d.announced(flow.EtherTypeIPv6, 0)
	case LinkLinuxSLL:
		return d.cooked()
	case LinkLinuxSLL2:
		return d.cooked2()
	case LinkNull, LinkLoop:
		return d.loopback()
	case LinkPPP, LinkPPPHDLC:
		return d.ppp(0)
	case LinkPPPoE:
		return d.pppoe(0)
	case LinkCiscoHDLC:
		if len(d.frame) < 4 {
			return Truncated
		}
		return d.etherType(u16(d.frame[2:]), 4)
	case LinkMPLS:
		return d.mpls(0)
	case LinkATM:
		return d.llc(0)
	case LinkFDDI:
		return d.fddi()
	case LinkTokenRing:
		return d.tokenRing()
	case LinkIEEE80211:
		return d.wlan()
	case LinkFrameRelay:
		return d.frameRelay()
	}
	return UnsupportedLink
}

func u16(p []byte) uint16 { return binary.BigEndian.Uint16(p) }
func u32(p []byte) uint32 { return binary.BigEndian.Uint32(p) }

// at returns what was captured from an offset on.
func (d *decoder) at(off int) []byte {
	if off >= len(d.frame) {
		return nil
	}
	return d.frame[off:]
}

// cut ends the frame where an IP packet ends. What follows is padding.
func (d *decoder) cut(end int) {
	d.frame = d.frame[:min(len(d.frame), end)]
	d.wire = min(d.wire, end)
}

// own reports whether the packet's own header is being read, and not one inside
// a tunnel.
func (d *decoder) own() bool { return d.h == &d.p.Header }
