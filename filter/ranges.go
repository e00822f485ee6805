package filter

import (
	"cmp"
	"slices"
	"sort"
)

// span is a range of numbers, both ends included.
type span struct{ lo, hi uint64 }

// ranges is a set of numbers: ascending spans with a gap between each two.
type ranges []span

func one(v uint64) ranges { return ranges{{v, v}} }

// newRanges sorts and joins spans.
func newRanges(spans []span) ranges {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	var r ranges
	for _, s := range sorted {
		if n := len(r); n > 0 && (s.lo <= r[n-1].hi || s.lo == r[n-1].hi+1) {
			r[n-1].hi = max(r[n-1].hi, s.hi)
			continue
		}
		r = append(r, s)
	}
	return r
}

func (r ranges) has(v uint64) bool {
	i := sort.Search(len(r), func(i int) bool { return r[i].hi >= v })
	return i < len(r) && r[i].lo <= v
}

func (r ranges) union(o ranges) ranges { return newRanges(slices.Concat(r, o)) }

func (r ranges) intersect(o ranges) ranges {
	var both ranges
	for len(r) > 0 && len(o) > 0 {
		s := span{max(r[0].lo, o[0].lo), min(r[0].hi, o[0].hi)}
		if s.lo <= s.hi {
			both = append(both, s)
		}
		if r[0].hi < o[0].hi {
			r = r[1:]
		} else {
			o = o[1:]
		}
	}
	return both
}

// complement returns the numbers up to most that are not in the set.
func (r ranges) complement(most uint64) ranges {
	var rest ranges
	next := uint64(0)
	for _, s := range r {
		if s.lo > most {
			break
		}
		if s.lo > next {
			rest = append(rest, span{next, s.lo - 1})
		}
		if s.hi >= most {
			return rest
		}
		next = s.hi + 1
	}
	return append(rest, span{next, most})
}

// full reports whether the set holds every number up to most.
func (r ranges) full(most uint64) bool { return len(r) == 1 && r[0].lo == 0 && r[0].hi >= most }

// size is how many numbers the set holds, as a float since it may be 2^64.
func (r ranges) size() float64 {
	n := 0.0
	for _, s := range r {
		n += float64(s.hi-s.lo) + 1
	}
	return n
}
