package anonymize

import (
	"encoding/binary"

	"github.com/flowpipeline/pipeline/flow"
)

const slotBits = 12 // of the number of addresses, or prefixes, that are remembered

// cache gives pseudonyms of addresses, and remembers those of addresses and networks
// that it saw last. One goroutine at a time uses it.
type cache struct {
	*cryptoPAn
	scratch scratch

	nets4 [1 << slotBits]struct{ net, turns uint32 }     // of 24 bits; the lowest is set
	addr4 [1 << slotBits]struct{ addr, other uint64 }    // with a bit above the address
	nets6 [1 << slotBits]struct{ net, turns uint64 }     // of 64 bits; 0 is none
	addr6 [1 << slotBits]struct{ addr, other flow.Addr } // the zero Addr is none
}

// place is the slot that something belongs in.
func place(x uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	return x * odd >> (64 - slotBits)
}

// pseudonym returns the pseudonym of an address, which is not zero.
func (c *cache) pseudonym(a flow.Addr) flow.Addr {
	if a.Is4() {
		return addr4(c.of4(a.V4()))
	}
	hi, lo := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])
	s := &c.addr6[place(hi^lo*3)]
	if s.addr != a {
		s.addr = a
		binary.BigEndian.PutUint64(s.other[:8], hi^c.network6(hi))
		binary.BigEndian.PutUint64(s.other[8:], lo^c.turns(&c.scratch, hi, lo, 64, 128))
	}
	return s.other
}

func (c *cache) of4(v uint32) uint32 {
	const marked = 1 << 32
	s := &c.addr4[place(uint64(v))]
	if s.addr != uint64(v)|marked {
		last := uint32(c.turns(&c.scratch, uint64(v)<<32, 0, 24, 32) >> 32)
		s.addr, s.other = uint64(v)|marked, uint64(v^c.network4(v)^last)
	}
	return uint32(s.other)
}

// network4 returns what turns over the first 24 bits of an IPv4 address.
func (c *cache) network4(v uint32) uint32 {
	net := v>>8<<8 | 1
	s := &c.nets4[place(uint64(net))]
	if s.net != net {
		hi := uint64(v) << 32
		s.net, s.turns = net, uint32((c.start(hi)|c.turns(&c.scratch, hi, 0, 16, 24))>>32)
	}
	return s.turns
}

// network6 returns what turns over the first 64 bits of an IPv6 address.
func (c *cache) network6(hi uint64) uint64 {
	s := &c.nets6[place(hi)]
	if s.net != hi || hi == 0 {
		s.net, s.turns = hi, c.start(hi)|c.turns(&c.scratch, hi, 0, 16, 64)
	}
	return s.turns
}

func addr4(v uint32) flow.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return flow.AddrFrom4(b)
}
