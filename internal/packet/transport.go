package packet

import "github.com/flowpipeline/pipeline/flow"

// UDP ports that tell a tunnel.
const (
	portVXLAN      = 4789 // RFC 7348
	portVXLANLinux = 8472 // what Linux used before the assignment
	portGeneve     = 6081 // RFC 8926
	portTeredo     = 3544 // RFC 4380
)

// transport reads the transport header at off of a packet that ends at end. The
// capture may end before. An extension header that claims too much puts off
// behind the end; there is nothing to read then.
func (d *decoder) transport(off, end int) {
	h := d.h
	head := off
	f := d.at(off)
	if !h.LaterFragment() {
		switch h.Proto {
		case flow.ProtoTCP:
			head += d.tcp(f)
		case flow.ProtoUDP:
			d.ports(f)
			head += 8
		case flow.ProtoUDPLite:
			d.ports(f)
			head += 8
		case flow.ProtoSCTP:
			d.ports(f)
			head += 12
		case protoDCCP:
			d.ports(f)
			head += dccpLen(f)
		case flow.ProtoICMP, flow.ProtoICMPv6:
			if len(f) >= 2 {
				h.ICMPType, h.ICMPCode = f[0], f[1]
				h.Has |= HasICMP
			}
			head += 8
		case flow.ProtoIGMP:
			head += 8
		}
	}
	head = min(head, end)
	h.HeaderLen = uint32(head)
	h.PayloadLen = uint32(max(end-head, 0))
	if d.own() && !h.LaterFragment() {
		d.tunnel(off, f)
	}
}

func (d *decoder) ports(f []byte) {
	if len(f) >= 4 {
		d.h.SrcPort, d.h.DstPort = u16(f), u16(f[2:])
		d.h.Has |= HasPorts
	}
}

// tcp reads a TCP header (RFC 9293) and returns its length.
func (d *decoder) tcp(f []byte) int {
	d.ports(f)
	if len(f) < 14 {
		return 20
	}
	// The bit beside the flags was NS (RFC 3540).
	d.h.TCPFlags = u16(f[12:]) & 0x1ff
	d.h.Has |= HasTCPFlags
	return max(int(f[12]>>4)*4, 20)
}

// dccpLen returns the length of a DCCP header (RFC 4340).
func dccpLen(f []byte) int {
	if len(f) < 5 {
		return 12
	}
	return max(int(f[4])*4, 12)
}
