package filter

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// wide is an address as a number.
type wide struct{ hi, lo uint64 }

func wideOf(a *flow.Addr) wide {
	return wide{binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])}
}

func (w wide) less(o wide) bool { return w.hi < o.hi || w.hi == o.hi && w.lo < o.lo }

func (w wide) compare(o wide) int { return cmp.Or(cmp.Compare(w.hi, o.hi), cmp.Compare(w.lo, o.lo)) }

func (w wide) next() wide {
	w.lo++
	if w.lo == 0 {
		w.hi++
	}
	return w
}

func (w wide) prev() wide {
	if w.lo == 0 {
		w.hi--
	}
	w.lo--
	return w
}

// IPv4 lies in its mapped form among the IPv6 addresses.
var (
	firstV4 = wide{0, 0xffff << 32}
	lastV4  = wide{0, 0xffff<<32 | 0xffffffff}
)

func (w wide) is4() bool { return w.hi == 0 && w.lo>>32 == 0xffff }

// wideSpan is a range of addresses, both ends included.
type wideSpan struct{ lo, hi wide }

// join takes up a span that begins in it or right behind it, and reports whether
// it did. IPv4 and IPv6 do not join where they touch.
func (s *wideSpan) join(o wideSpan) bool {
	if s.lo.is4() != o.lo.is4() || s.hi.less(o.lo) && s.hi.next() != o.lo {
		return false
	}
	if s.hi.less(o.hi) {
		s.hi = o.hi
	}
	return true
}

// addrSet is a set of addresses: ascending spans with a gap between each two.
// IPv6 prefixes hold no IPv4 address.
type addrSet struct {
	spans []wideSpan

	// For lookups: the IPv4 part, and for a large one where the spans of each
	// /16 begin; then the rest.
	v4    []span32
	index []uint32
	v6    []wideSpan
}

type span32 struct{ lo, hi uint32 }

// indexFrom is how many IPv4 spans make an index of 256 KiB worth while.
const indexFrom = 128

func newAddrSet(prefixes ...netip.Prefix) *addrSet {
	var spans []wideSpan
	for _, p := range prefixes {
		spans = appendPrefix(spans, p)
	}
	return joinSpans(spans)
}

// appendPrefix appends the addresses of a prefix.
func appendPrefix(spans []wideSpan, p netip.Prefix) []wideSpan {
	first := flow.AddrFrom(p.Masked().Addr())
	s := wideSpan{lo: wideOf(&first)}
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	s.hi = s.lo
	if bits < 64 {
		s.hi.hi |= ^uint64(0) >> bits
		s.hi.lo = ^uint64(0)
	} else if bits < 128 {
		s.hi.lo |= ^uint64(0) >> (bits - 64)
	}
	return appendSpan(spans, s)
}

// appendSpan appends a range of addresses, without the IPv4 addresses that lie in
// the middle of one of IPv6.
func appendSpan(spans []wideSpan, s wideSpan) []wideSpan {
	if s.lo.is4() || lastV4.less(s.lo) || s.hi.less(firstV4) {
		return append(spans, s)
	}
	if s.lo.less(firstV4) {
		spans = append(spans, wideSpan{s.lo, firstV4.prev()})
	}
	if lastV4.less(s.hi) {
		spans = append(spans, wideSpan{lastV4.next(), s.hi})
	}
	return spans
}

func joinSpans(spans []wideSpan) *addrSet {
	slices.SortFunc(spans, func(a, b wideSpan) int { return a.lo.compare(b.lo) })
	set := &addrSet{}
	for _, s := range spans {
		if n := len(set.spans); n > 0 && set.spans[n-1].join(s) {
			continue
		}
		set.spans = append(set.spans, s)
	}
	for _, s := range set.spans {
		if s.lo.is4() {
			set.v4 = append(set.v4, span32{uint32(s.lo.lo), uint32(s.hi.lo)})
		} else {
			set.v6 = append(set.v6, s)
		}
	}
	if len(set.v4) >= indexFrom {
		set.makeIndex()
	}
	return set
}

func (s *addrSet) makeIndex() {
	s.index = make([]uint32, 1<<16+1)
	at := 0
	for top := range uint32(1 << 16) {
		for at < len(s.v4) && s.v4[at].hi < top<<16 {
			at++
		}
		s.index[top] = uint32(at)
	}
	s.index[1<<16] = uint32(len(s.v4))
}

func (s *addrSet) union(o *addrSet) *addrSet { return joinSpans(slices.Concat(s.spans, o.spans)) }

func (s *addrSet) empty() bool { return len(s.spans) == 0 }

// holdsZero reports whether the unspecified IPv6 address, which a flow without an
// address has too, is in the set.
func (s *addrSet) holdsZero() bool { return len(s.spans) > 0 && s.spans[0].lo == wide{} }

// has reports whether an address is in the set.
func (s *addrSet) has(a *flow.Addr) bool {
	if w := wideOf(a); w.is4() {
		return s.has4(uint32(w.lo))
	} else {
		return s.has6(w)
	}
}

func (s *addrSet) has4(v uint32) bool {
	from, to := 0, len(s.v4)
	if s.index != nil {
		from, to = int(s.index[v>>16]), min(int(s.index[v>>16+1])+1, to)
	}
	for from < to { // the first span that does not end before v
		if mid := (from + to) >> 1; s.v4[mid].hi < v {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from < len(s.v4) && s.v4[from].lo <= v
}

func (s *addrSet) has6(w wide) bool {
	from, to := 0, len(s.v6)
	for from < to {
		if mid := (from + to) >> 1; s.v6[mid].hi.less(w) {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from < len(s.v6) && !w.less(s.v6[from].lo)
}

// single returns the prefix as mask and value when the set is just one, in the
// byte order of the machine's memory.
func (s *addrSet) single() (mask, value [2]uint64, ok bool) {
	if len(s.spans) != 1 {
		return mask, value, false
	}
	lo, hi := s.spans[0].lo, s.spans[0].hi
	diff := wide{lo.hi ^ hi.hi, lo.lo ^ hi.lo}
	// A prefix differs in its low bits alone, and there from all 0 to all 1.
	if plus := diff.next(); diff.hi&plus.hi != 0 || diff.lo&plus.lo != 0 || lo.hi&diff.hi != 0 || lo.lo&diff.lo != 0 {
		return mask, value, false
	}
	inMemory := func(hi, lo uint64) [2]uint64 {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], hi)
		binary.BigEndian.PutUint64(b[8:], lo)
		return [2]uint64{binary.NativeEndian.Uint64(b[:8]), binary.NativeEndian.Uint64(b[8:])}
	}
	return inMemory(^diff.hi, ^diff.lo), inMemory(lo.hi, lo.lo), true
}
