package rdns

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"

	"github.com/flowpipeline/pipeline/flow"
)

// ways is how many places an address can be at.
const ways = 4

// entry is what is known of an address. It does not change once it is in the cache.
type entry struct {
	addr  flow.Addr
	name  string // "" for none
	until int64  // nanoseconds since the epoch; 0 while it is being asked for
}

// cache remembers a number of addresses. All may read and write it at once, without
// locks.
type cache struct {
	sets [][ways]atomic.Pointer[entry]
	bits int // of a set's number
}

// newCache makes a cache of at least n addresses.
func newCache(n int) *cache {
	b := bits.Len(uint(max(n, ways)-1) / ways)
	return &cache{sets: make([][ways]atomic.Pointer[entry], 1<<b), bits: b}
}

func (c *cache) set(a flow.Addr) *[ways]atomic.Pointer[entry] {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	hi, lo := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])
	return &c.sets[((hi*odd^lo)*odd)>>1>>(63-c.bits)]
}

// find returns what is known of an address; nil for nothing.
func (c *cache) find(a flow.Addr) *entry {
	set := c.set(a)
	for i := range set {
		if e := set[i].Load(); e != nil && e.addr == a {
			return e
		}
	}
	return nil
}

// claim puts an entry that is being asked for in the place of old, which is over; if
// there is none, in an empty place, or in that of the address that is over first. It
// returns nil when there is no place, or somebody else has just taken it.
func (c *cache) claim(a flow.Addr, old *entry) *entry {
	set := c.set(a)
	var place *atomic.Pointer[entry]
	var there *entry
	for i := range set {
		e := set[i].Load()
		if e == old {
			place, there = &set[i], e
			break
		}
		if e != nil && e.until != 0 && (place == nil || e.until < there.until) {
			place, there = &set[i], e
		}
	}
	asked := &entry{addr: a}
	if place == nil || !place.CompareAndSwap(there, asked) {
		return nil
	}
	return asked
}

// settle puts what was found out in the place of an entry that was being asked for;
// nil for nothing.
func (c *cache) settle(asked, known *entry) {
	set := c.set(asked.addr)
	for i := range set {
		if set[i].CompareAndSwap(asked, known) {
			return
		}
	}
}
