package codec

import (
	"encoding/binary"
	"math/bits"

	"github.com/flowpipeline/pipeline/flow"
)

// octet is the text of a byte, with a dot behind it.
type octet struct {
	text [4]byte
	size uint8 // without the dot
}

var octets = func() (all [256]octet) {
	for i := range all {
		var p room
		n := putShort(&p, 0, uint64(i))
		p.text[n] = '.'
		all[i] = octet{[4]byte(p.text[:4]), uint8(n)}
	}
	return all
}()

// putOctet writes v in decimal.
func putOctet(p *room, n int, v uint8) int {
	o := &octets[v]
	*(*[4]byte)(p.at(n)) = o.text
	return n + int(o.size)
}

// putAddr writes an address that is present. The zero address is then the
// unspecified one.
func putAddr(p *room, n int, a *flow.Addr) int {
	if a.Is4() {
		n = putOctet(p, n, a[12]) + 1
		n = putOctet(p, n, a[13]) + 1
		n = putOctet(p, n, a[14]) + 1
		return putOctet(p, n, a[15])
	}
	return putIPv6(p, n, a)
}

// span is the groups of an address from begin on and before end.
type span struct{ begin, end int8 }

// zeroSpans holds, by the set of groups that are zero, those that RFC 5952 has
// written as "::": the first of the longest runs of two or more.
var zeroSpans = func() (all [256]span) {
	for set := range all {
		best := span{9, 9}
		for begin := range int8(8) {
			end := begin
			for end < 8 && set>>end&1 != 0 {
				end++
			}
			if end-begin > max(best.end-best.begin, 1) {
				best = span{begin, end}
			}
		}
		all[set] = best
	}
	return all
}()

// putIPv6 writes an address as RFC 5952 wants it.
func putIPv6(p *room, n int, a *flow.Addr) int {
	var groups [8]uint16
	set := uint8(0)
	for i := range groups {
		groups[i] = binary.BigEndian.Uint16(a[2*i:])
		if groups[i] == 0 {
			set |= 1 << i
		}
	}
	zeros := zeroSpans[set]
	for i := int8(0); i < 8; i++ {
		if i == zeros.begin {
			n = p.put(p.put(n, ':'), ':')
			i = zeros.end - 1
			continue
		}
		if i > 0 && i != zeros.end {
			n = p.put(n, ':')
		}
		n = putGroup(p, n, uint32(groups[i]))
	}
	return n
}

// putGroup writes 16 bits in hexadecimal.
func putGroup(p *room, n int, g uint32) int {
	d := g>>12 | g&0xf00 | g&0xf0<<12 | g&0xf<<24 // a digit in each byte, the first in the lowest
	zeros := bits.TrailingZeros32(d|1<<24) &^ 7
	letters := (d + 0x06060606) >> 4 & 0x01010101
	p.store4(n, (d+0x30303030+letters*('a'-'0'-10))>>zeros)
	return n + 4 - zeros/8
}

// putMAC writes an address that is present.
func putMAC(p *room, n int, m flow.MAC) int {
	for _, b := range m {
		n = p.put(p.put(p.put(n, hexDigits[b>>4]), hexDigits[b&15]), ':')
	}
	return n - 1
}
