package capture

import (
	"encoding/binary"
	"math/bits"
)

// Types of blocks (draft-ietf-opsawg-pcapng).
const (
	blockSection        = 0x0a0d0d0a
	blockInterface      = 1
	blockPacketObsolete = 2
	blockSimplePacket   = 3
	blockEnhancedPacket = 6
)

// Options of an interface description block.
const (
	optEnd          = 0
	optIfName       = 2
	optIfTsresol    = 9
	optIfTsoffset   = 14
	byteOrderMagic  = 0x1a2b3c4d
	maxInterfaceTag = 1 << 10 // longer names are cut
)

// pcapngState is what the present section tells.
type pcapngState struct {
	byteOrder
	begun bool
	first int       // index of the section's first interface
	clock []ngClock // by index of interface
}

// ngClock is how an interface tells time and length.
type ngClock struct {
	resolution byte // if_tsresol: 10^-n, or 2^-n with the top bit set
	offset     int64
	snapLen    uint32
}

// nextBlock reads blocks up to and with the next packet.
func (r *Reader) nextBlock(rec *Record) error {
	for {
		found, err := r.readBlock(rec)
		if found || err != nil {
			return err
		}
	}
}

func (r *Reader) readBlock(rec *Record) (found bool, err error) {
	s := &r.ng
	at := r.win.offset()
	head, err := r.need(12, "block header")
	if err != nil {
		return false, err
	}
	kind := s.u32(head)
	if binary.BigEndian.Uint32(head) == blockSection {
		kind = blockSection
		if err := s.order(head[8:12], at); err != nil {
			return false, err
		}
	} else if !s.begun {
		return false, malformed(at, "block %#x stands before the first section header", kind)
	}
	size := s.u32(head[4:])
	switch {
	case size < 12 || size%4 != 0:
		return false, malformed(at, "block length %d is impossible", size)
	case size > MaxRecord:
		return false, malformed(at, "block length %d is over the bound of %d", size, MaxRecord)
	}
	p, err := r.need(int(size), "block")
	if err != nil {
		return false, err
	}
	if tail := s.u32(p[size-4:]); tail != size {
		return false, malformed(at+int64(size)-4, "block ends with length %d but began with %d", tail, size)
	}
	body := p[8 : size-4]
	rec.Offset = at
	switch kind {
	case blockSection:
		err = r.section(body, at)
	case blockInterface:
		err = r.interfaceBlock(body, at)
	case blockEnhancedPacket, blockPacketObsolete:
		found, err = true, r.fullPacket(kind, body, at, rec)
	case blockSimplePacket:
		found, err = true, r.simplePacket(body, at, rec)
	}
	if err != nil {
		return false, err
	}
	r.win.discard(int(size))
	return found, nil
}

// order takes the byte order of a section from its magic number.
func (s *pcapngState) order(magic []byte, at int64) error {
	switch {
	case binary.LittleEndian.Uint32(magic) == byteOrderMagic:
		s.big = false
	case binary.BigEndian.Uint32(magic) == byteOrderMagic:
		s.big = true
	default:
		return malformed(at+8, "% x is not a byte order mark", magic)
	}
	return nil
}

func (r *Reader) section(body []byte, at int64) error {
	s := &r.ng
	if len(body) < 16 {
		return malformed(at, "section header of %d bytes is too short", len(body)+12)
	}
	if major := s.u16(body[4:]); major != 1 {
		return malformed(at+12, "version %d of pcapng is unknown", major)
	}
	s.begun = true
	s.first = len(r.interfaces)
	return nil
}

func (r *Reader) interfaceBlock(body []byte, at int64) error {
	s := &r.ng
	if len(body) < 8 {
		return malformed(at, "interface description of %d bytes is too short", len(body)+12)
	}
	if len(r.interfaces) == maxInterfaces {
		return malformed(at, "more than %d interfaces", maxInterfaces)
	}
	i := Interface{Number: uint32(len(r.interfaces)-s.first) + 1, LinkType: s.u16(body)}
	c := ngClock{resolution: 6, snapLen: s.u32(body[4:])}
	for opts := body[8:]; len(opts) >= 4; {
		code, n := s.u16(opts), int(s.u16(opts[2:]))
		opts = opts[4:]
		if code == optEnd {
			break
		}
		if n > len(opts) {
			return malformed(at, "option %d of the interface reaches beyond its block", code)
		}
		switch val := opts[:n]; {
		case code == optIfName:
			i.Name = string(val[:min(n, maxInterfaceTag)])
		case code == optIfTsresol && n >= 1:
			c.resolution = val[0]
		case code == optIfTsoffset && n >= 8:
			hi, lo := s.u32(val), s.u32(val[4:])
			if !s.big {
				hi, lo = lo, hi
			}
			c.offset = int64(uint64(hi)<<32 | uint64(lo))
		}
		opts = opts[min((n+3)&^3, len(opts)):]
	}
	r.interfaces = append(r.interfaces, i)
	s.clock = append(s.clock, c)
	return nil
}

// packet fills rec from what all kinds of packet blocks hold.
func (r *Reader) packet(rec *Record, at int64, id, captured, wire uint32, body []byte) error {
	i := uint64(r.ng.first) + uint64(id)
	if i >= uint64(len(r.interfaces)) {
		return malformed(at, "packet of interface %d, which the section does not describe", id)
	}
	if uint64(captured) > uint64(len(body)) {
		return malformed(at, "captured length %d reaches beyond the block", captured)
	}
	*rec = Record{
		Data:      body[:captured:captured],
		WireLen:   int(max(wire, captured)),
		LinkType:  r.interfaces[i].LinkType,
		Interface: int(i),
		Offset:    at,
	}
	return nil
}

// fullPacket reads an enhanced packet block, or the obsolete one, which differs
// in how it tells the interface.
func (r *Reader) fullPacket(kind uint32, body []byte, at int64, rec *Record) error {
	s := &r.ng
	if len(body) < 20 {
		return malformed(at, "packet block of %d bytes is too short", len(body)+12)
	}
	id := s.u32(body)
	if kind == blockPacketObsolete {
		id = uint32(s.u16(body))
	}
	err := r.packet(rec, at, id, s.u32(body[12:]), s.u32(body[16:]), body[20:])
	if err == nil {
		rec.Time = s.clock[rec.Interface].time(s.u32(body[4:]), s.u32(body[8:]))
	}
	return err
}

// simplePacket reads a packet block without a time. Its captured length is
// bounded by the block, the wire length and the interface's snap length.
func (r *Reader) simplePacket(body []byte, at int64, rec *Record) error {
	s := &r.ng
	if len(body) < 4 {
		return malformed(at, "packet block of %d bytes is too short", len(body)+12)
	}
	wire := s.u32(body)
	captured := min(wire, uint32(len(body)-4))
	if s.first < len(s.clock) {
		if snap := s.clock[s.first].snapLen; snap != 0 {
			captured = min(captured, snap)
		}
	}
	return r.packet(rec, at, 0, captured, wire, body[4:])
}

var powersOf10 = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// time converts a time stamp of the interface to nanoseconds, within 0 to
// MaxTime.
func (c *ngClock) time(hi, lo uint32) int64 {
	ts := uint64(hi)<<32 | uint64(lo)
	n := int(c.resolution &^ 0x80)
	var ns uint64
	switch {
	case c.resolution&0x80 != 0 && n < 64:
		// ts / 2^n seconds.
		h, l := bits.Mul64(ts, 1e9)
		if h>>n != 0 {
			return MaxTime
		}
		ns = l>>n | h<<(64-n)
	case c.resolution&0x80 != 0:
		h, _ := bits.Mul64(ts, 1e9)
		ns = h >> (n - 64)
	case n <= 9:
		h, l := bits.Mul64(ts, powersOf10[9-n])
		if h != 0 {
			return MaxTime
		}
		ns = l
	case n-9 < len(powersOf10):
		ns = ts / powersOf10[n-9]
	}
	if ns > MaxTime {
		return MaxTime
	}
	const most = MaxTime / int64(1e9)
	offset := min(max(c.offset, -most), most) * 1e9
	return min(max(int64(ns)+offset, 0), MaxTime)
}
