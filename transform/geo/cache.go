package geo

import (
	"encoding/binary"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/flowpipeline/pipeline/flow"
)

const (
	slotBits   = 12      // of the number of addresses that are remembered
	mostRecord = 1 << 16 // records of a database that are remembered
)

// cache remembers what the databases tell. One goroutine at a time uses it.
type cache struct {
	decoder
	of      *set
	slots   [1 << slotBits]slot
	records []map[uintptr]known // by database, by the record's offset
}

// slot is an address that was asked for, or the zero Addr.
type slot struct {
	addr flow.Addr
	known
}

// use has the cache be one of s.
func (c *cache) use(s *set) {
	if c.of == s {
		return
	}
	c.of, c.slots = s, [1 << slotBits]slot{}
	c.records = make([]map[uintptr]known, len(s.readers))
	for i := range c.records {
		c.records[i] = make(map[uintptr]known)
	}
}

// ask returns what all databases know of an address that is not zero.
func (c *cache) ask(addr flow.Addr) known {
	s := &c.slots[place(addr)]
	if s.addr != addr {
		*s = slot{addr, c.search(addr)}
	}
	return s.known
}

// place is the slot that an address belongs in.
func place(a flow.Addr) uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	hi, lo := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])
	return ((hi*odd ^ lo) * odd) >> (64 - slotBits)
}

// search asks the databases, one after the other.
func (c *cache) search(addr flow.Addr) (k known) {
	ip := addr.Netip()
	for i, r := range c.of.readers {
		if r.Metadata.IPVersion == 4 && !ip.Is4() {
			continue
		}
		k = k.or(c.record(i, r.Lookup(ip)))
	}
	return k
}

// record returns what is in a record of a database.
func (c *cache) record(database int, at maxminddb.Result) known {
	if !at.Found() {
		c.note(c.of, at.Err())
		return known{}
	}
	records := c.records[database]
	k, ok := records[at.Offset()]
	if !ok {
		if len(records) >= mostRecord {
			clear(records)
		}
		k = c.decode(c.of, at)
		records[at.Offset()] = k
	}
	return k
}
