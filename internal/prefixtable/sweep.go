package prefixtable

import (
	"encoding/binary"
	"net/netip"
)

// sweep turns nested ranges, told in order, into ranges side by side.
type sweep[K uint32 | uint64] struct {
	out  list[K]
	open []nested[K] // the ranges around the present point, the innermost last
	base uint32      // place of what is in no range
}

type nested[K uint32 | uint64] struct {
	last  K
	place uint32
}

func newSweep[K uint32 | uint64](base uint32) *sweep[K] {
	return &sweep[K]{base: base, out: list[K]{{0, base}}}
}

// begin tells the next range, and returns the place of the one around it.
func (s *sweep[K]) begin(first, last K, place uint32) (around uint32) {
	for len(s.open) > 0 && s.open[len(s.open)-1].last < first {
		s.end()
	}
	around = s.innermost()
	s.open = append(s.open, nested[K]{last, place})
	s.add(first, place)
	return around
}

// finish returns the ranges.
func (s *sweep[K]) finish() list[K] {
	for len(s.open) > 0 {
		s.end()
	}
	return s.out
}

// end leaves the innermost range.
func (s *sweep[K]) end() {
	last := s.open[len(s.open)-1].last
	s.open = s.open[:len(s.open)-1]
	if last+1 != 0 {
		s.add(last+1, s.innermost())
	}
}

func (s *sweep[K]) innermost() uint32 {
	if len(s.open) == 0 {
		return s.base
	}
	return s.open[len(s.open)-1].place
}

// add has place hold from start on.
func (s *sweep[K]) add(start K, place uint32) {
	if end := &s.out[len(s.out)-1]; end.start == start {
		end.place = place
		return
	}
	s.out = append(s.out, entry[K]{start, place})
}

// sweep4 tells the ranges of prefixes of IPv4, and fills around.
func sweep4(prefixes []netip.Prefix, around []uint32) list[uint32] {
	s := newSweep[uint32](None)
	for i, p := range prefixes {
		a := p.Addr().As4()
		first := binary.BigEndian.Uint32(a[:])
		around[i] = s.begin(first, last[uint32](first, p.Bits()), uint32(i))
	}
	return s.finish()
}

// sweep6 is sweep4 for IPv6, whose prefixes have places from base on. Those longer
// than 64 bits are put together by the first half of their addresses.
func sweep6(prefixes []netip.Prefix, around []uint32, base int) (halves list[uint64], second []list[uint64]) {
	s := newSweep[uint64](None)
	for i := 0; i < len(prefixes); {
		first, _ := split(prefixes[i])
		if bits := prefixes[i].Bits(); bits <= 64 {
			around[i] = s.begin(first, last(first, bits), uint32(base+i))
			i++
			continue
		}
		in := newSweep[uint64](s.begin(first, first, inSecond+uint32(len(second))))
		for ; i < len(prefixes); i++ {
			high, low := split(prefixes[i])
			if high != first {
				break
			}
			around[i] = in.begin(low, last(low, prefixes[i].Bits()-64), uint32(base+i))
		}
		second = append(second, in.finish())
	}
	return s.finish(), second
}

// split returns the halves of a prefix's address.
func split(p netip.Prefix) (high, low uint64) {
	a := p.Addr().As16()
	return binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])
}

// last returns the last key that has the first bits of one.
func last[K uint32 | uint64](first K, bits int) K { return first | ^K(0)>>bits }
