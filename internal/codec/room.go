package codec

import (
	"encoding/binary"
	"slices"
	"unsafe"
)

// room is where a line is written: what the fields of the struct can need. The put
// functions write at n and return where what they wrote ends. They may write, but
// not count, a few bytes more, so that a number is stored at once and not digit by
// digit.
type room struct {
	text  [fieldsRoom]byte
	slack [keyRoom]byte // for what is stored and not counted
}

// at returns the memory at n, which has at least keyRoom bytes: the check of the
// index is all that a store needs.
func (p *room) at(n int) unsafe.Pointer { return unsafe.Pointer(&p.text[n]) }

func (p *room) put(n int, c byte) int {
	p.text[n] = c
	return n + 1
}

func (p *room) store4(n int, v uint32) { binary.LittleEndian.PutUint32((*[4]byte)(p.at(n))[:], v) }

func (p *room) store8(n int, v uint64) { binary.LittleEndian.PutUint64((*[8]byte)(p.at(n))[:], v) }

// Most bytes that a part of a line can need, unless it is a text.
const (
	keyRoom   = 32 // the name of a member, with a comma, quotes and a colon
	valueRoom = 42 // an address in quotes
)

// behind returns dst with room behind it, and the room.
func behind(dst []byte) ([]byte, *room) {
	const size = int(unsafe.Sizeof(room{}))
	if cap(dst)-len(dst) < size {
		dst = slices.Grow(dst, size)
	}
	return dst, (*room)(unsafe.Pointer((*[size]byte)(dst[len(dst):cap(dst)])))
}
