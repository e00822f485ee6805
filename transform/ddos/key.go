package ddos

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/flowpipeline/pipeline/flow"
)

// Bits of the destinations that are watched.
const (
	prefixBits4 = 24
	prefixBits6 = 48
)

// level is what a key stands for.
type level uint8

const (
	hosts level = iota
	prefixes
	networks
	numLevels = 3
)

// key is a destination and a class of traffic to it.
type key struct {
	addr  flow.Addr // masked
	bits  uint8     // of the prefix, of its own family
	level level
	class Class
}

func (k *key) prefix() netip.Prefix { return netip.PrefixFrom(k.addr.Netip(), int(k.bits)) }

// hash mixes the key. It is the same in every run, so that a replay gives the same
// events even where the table is full.
func (k *key) hash() uint64 {
	h := fold(seed, binary.LittleEndian.Uint64(k.addr[:8]))
	h = fold(h, binary.LittleEndian.Uint64(k.addr[8:]))
	return fold(h, uint64(k.bits)<<16|uint64(k.level)<<8|uint64(k.class)|1<<63)
}

const seed = 0x9E3779B97F4A7C15

// fold mixes two numbers.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xD6E8FEB86659FD93, b^0xA0761D6478BD642F)
	return hi ^ lo ^ bits.RotateLeft64(a, 29)
}

// compare orders keys by level, address and class.
func (k *key) compare(o *key) int {
	return cmp.Or(cmp.Compare(k.level, o.level), bytes.Compare(k.addr[:], o.addr[:]), cmp.Compare(k.bits, o.bits), cmp.Compare(k.class, o.class))
}

// hostKey is the key of a flow's destination.
func hostKey(a flow.Addr, c Class) key {
	k := key{addr: a, bits: 128, class: c}
	if a.Is4() {
		k.bits = 32
	}
	return k
}

// prefixKey is the key of the prefix around a flow's destination.
func prefixKey(a flow.Addr, c Class) key {
	k := key{addr: a, bits: prefixBits6, level: prefixes, class: c}
	if a.Is4() {
		k.bits, k.addr[15] = prefixBits4, 0
		return k
	}
	clear(k.addr[prefixBits6/8:])
	return k
}

// covers reports whether the key's prefix covers an address.
func (k *key) covers(a flow.Addr) bool { return a.In(k.prefix()) }
