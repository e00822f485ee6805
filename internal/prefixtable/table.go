// Package prefixtable finds the longest of many prefixes that covers an address.
//
// A table is made once, aside, and never changes, so that any number of goroutines
// may ask it; to change it, make another and swap the pointer. What belongs to a
// prefix the caller keeps, by its place.
package prefixtable

import (
	"cmp"
	"encoding/binary"
	"math"
	"net/netip"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// None is the place of no prefix.
const None uint32 = math.MaxUint32

// Table is a set of prefixes of IPv4 and IPv6.
//
// The prefixes cut all addresses into ranges, and each range has one longest
// prefix. So a search looks for the range of an address, in a sorted list, from
// where the address's first 16 bits point.
type Table struct {
	four   ranges[uint32]
	six    ranges[uint64] // by the first half of an address
	second []list[uint64] // by the second half, where prefixes are longer than 64 bits
}

// inSecond is added to a place in second where it stands for a place.
const inSecond = 1 << 31

// Compare orders prefixes as New wants them: IPv4 first, and each before those that
// it covers.
func Compare(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return cmp.Compare(a.Bits(), b.Bits())
}

// New makes a table of masked prefixes in the order of Compare, without
// duplicates, less than 2^31. around has for each prefix the place of the longest
// other one that covers it, or None.
func New(prefixes []netip.Prefix) (t *Table, around []uint32) {
	around = make([]uint32, len(prefixes))
	fours, _ := slices.BinarySearchFunc(prefixes, 32, func(p netip.Prefix, bits int) int {
		return cmp.Compare(p.Addr().BitLen(), bits+1)
	})
	t = new(Table)
	t.four = indexed(sweep4(prefixes[:fours], around[:fours]), 16)
	var halves list[uint64]
	halves, t.second = sweep6(prefixes[fours:], around[fours:], fours)
	t.six = indexed(halves, 48)
	return t, around
}

// Longest returns the place of the longest prefix that covers an address, or None.
func (t *Table) Longest(a flow.Addr) uint32 {
	if a.Is4() {
		return t.four.find(a.V4(), a[12:])
	}
	at := t.six.find(binary.BigEndian.Uint64(a[:8]), a[:])
	if at < inSecond || at == None {
		return at
	}
	return t.second[at-inSecond].find(binary.BigEndian.Uint64(a[8:]))
}

// list is ranges in order.
type list[K uint32 | uint64] []entry[K]

// entry is a range, from its start to that of the next. The first starts at 0.
type entry[K uint32 | uint64] struct {
	start K
	place uint32 // of the longest prefix
}

// find returns the place of the range that key is in. The list begins with that
// range or one before it.
func (l list[K]) find(key K) uint32 {
	lo, hi := 0, len(l)
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) >> 1); l[mid].start <= key {
			lo = mid
		} else {
			hi = mid
		}
	}
	return l[lo].place
}

// ranges is a list, and for the first 16 bits of a key the range that the lowest
// key with these bits is in.
type ranges[K uint32 | uint64] struct {
	list  list[K]
	first []uint32
}

func (r *ranges[K]) find(key K, top []byte) uint32 {
	i := int(binary.BigEndian.Uint16(top))
	return r.list[r.first[i] : r.first[i+1]+1].find(key)
}

// indexed makes ranges of a list whose keys have shift more bits than the first 16.
func indexed[K uint32 | uint64](l list[K], shift int) ranges[K] {
	r := ranges[K]{l, make([]uint32, 1<<16+1)}
	at := 0
	for top := range r.first[:1<<16] {
		for at+1 < len(l) && l[at+1].start <= K(top)<<shift {
			at++
		}
		r.first[top] = uint32(at)
	}
	r.first[1<<16] = uint32(len(l) - 1)
	return r
}
