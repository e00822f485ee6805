package packet

import "github.com/flowpipeline/pipeline/flow"

// IP protocols and IPv6 extension headers, beside those of package flow.
const (
	protoHopByHop    = 0
	protoDCCP        = 33
	protoRouting     = 43
	protoFragment    = 44
	protoNone        = 59
	protoDestination = 60
	protoMobility    = 135
	protoHIP         = 139
	protoShim6       = 140
)

// ipv4 reads an IPv4 header (RFC 791) and what follows.
func (d *decoder) ipv4(off int) Refusal {
	f := d.at(off)
	if len(f) < 20 {
		return Truncated
	}
	if f[0]>>4 != 4 {
		return BadVersion
	}
	h := d.h
	size := int(f[0]&0xf) * 4
	total := int(u16(f[2:]))
	if total == 0 {
		// Segmentation offload: the length did not fit, or is not yet known.
		total = d.wire - off
	}
	if size < 20 || total < size {
		return BadLength
	}
	h.Has |= HasIP
	h.IPLen = uint32(total)
	h.TOS = f[1]
	h.TTL = f[8]
	h.Proto = f[9]
	setIPv4(&h.Src, f[12:16])
	setIPv4(&h.Dst, f[16:20])
	fragment := u16(f[6:])
	h.IPFlags = uint8(fragment >> 13)
	if fragment&0x3fff != 0 {
		h.Has |= HasFragment
		h.FragmentID = uint32(u16(f[4:]))
		h.FragmentOffset = fragment & 0x1fff
		h.FragmentProto = h.Proto
	}
	end := off + total
	d.cut(end)
	off += size
	for n := 0; h.Proto == flow.ProtoAH && !h.LaterFragment() && n < maxHeaders; n++ {
		if f = d.at(off); len(f) < 8 {
			break
		}
		h.Proto = f[0]
		off += ahLen(f)
	}
	d.transport(off, end)
	return Accepted
}

// setIPv4 makes a zero address that of IPv4, in place: a whole one would be put
// together elsewhere first.
func setIPv4(a *flow.Addr, ip []byte) {
	a[10], a[11] = 0xff, 0xff
	*(*[4]byte)(a[12:]) = [4]byte(ip)
}

// ahLen returns the length of an authentication header (RFC 4302).
func ahLen(f []byte) int { return int(f[1])*4 + 8 }

// ipv6 reads an IPv6 header with its extension headers (RFC 8200) and what
// follows.
func (d *decoder) ipv6(off int) Refusal {
	f := d.at(off)
	if len(f) < 40 {
		return Truncated
	}
	if f[0]>>4 != 6 {
		return BadVersion
	}
	h := d.h
	end := off + 40 + int(u16(f[4:]))
	if end == off+40 && f[6] != protoNone {
		// A jumbogram (RFC 2675) or segmentation offload, as in IPv4.
		end = max(d.wire, end)
	}
	first := u32(f)
	h.Has |= HasIP
	h.IPLen = uint32(end - off)
	h.TOS = uint8(first >> 20)
	h.FlowLabel = first & 0xfffff
	h.TTL = f[7]
	h.Proto = f[6]
	h.Src = flow.Addr(f[8:24])
	h.Dst = flow.Addr(f[24:40])
	d.cut(end)
	off += 40
	for range maxHeaders {
		f = d.at(off)
		if len(f) < 8 {
			break
		}
		var size int
		switch h.Proto {
		case protoHopByHop, protoDestination, protoMobility, protoHIP, protoShim6:
			size = int(f[1])*8 + 8
		case protoRouting:
			size = int(f[1])*8 + 8
			d.routing(f, size)
		case flow.ProtoAH:
			size = ahLen(f)
		case protoFragment:
			size = 8
			h.FragmentProto = f[0]
			field := u16(f[2:])
			h.Has |= HasFragment
			h.FragmentID = u32(f[4:])
			h.FragmentOffset = field >> 3
			h.IPFlags = uint8(field & 1)
		default:
			d.transport(off, end)
			return Accepted
		}
		h.Proto = f[0]
		off += size
		if h.LaterFragment() {
			break
		}
	}
	d.transport(off, end)
	return Accepted
}

// routing keeps the segments of a segment routing header (RFC 8754).
func (d *decoder) routing(f []byte, size int) {
	const segmentRouting = 4
	if !d.own() || f[2] != segmentRouting || d.p.Routing {
		return
	}
	p := d.p
	p.Routing = true
	p.SegmentsLeft = f[3]
	p.SegmentTag = u16(f[6:])
	list := f[8:min(size, len(f))]
	for n := int(f[4]) + 1; n > 0 && len(list) >= 16 && p.SegmentCount < MaxSegments; n-- {
		p.Segments[p.SegmentCount] = flow.Addr(list[:16])
		p.SegmentCount++
		list = list[16:]
	}
}
