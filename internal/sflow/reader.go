package sflow

import (
	"encoding/binary"

	"github.com/flowpipeline/pipeline/flow"
)

// reader reads XDR (RFC 4506). Behind the end it gives zeros and notes that the
// data was short.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) u32() uint32 {
	if len(r.rest) < 4 {
		r.short = true
		return 0
	}
	v := binary.BigEndian.Uint32(r.rest)
	r.rest = r.rest[4:]
	return v
}

func (r *reader) u64() uint64 {
	high := uint64(r.u32())
	return high<<32 | uint64(r.u32())
}

// take returns the next n bytes and skips what fills them up to a multiple of 4.
// The fill may be missing at the end.
func (r *reader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.rest)) {
		r.short = true
		r.rest = nil
		return nil
	}
	v := r.rest[:n]
	r.rest = r.rest[min(padded(n), len(r.rest)):]
	return v
}

// opaque returns bytes or a text whose length stands before them.
func (r *reader) opaque() []byte { return r.take(r.u32()) }

// list returns 32-bit numbers, as they are on the wire, whose count stands before
// them.
func (r *reader) list() []byte {
	n := r.u32()
	if uint64(n)*4 > uint64(len(r.rest)) {
		r.short = true
		r.rest = nil
		return nil
	}
	return r.take(n * 4)
}

// address returns an address with its type before it, the zero Addr where the
// type says that it is not known, and false for a type that does not exist.
func (r *reader) address() (flow.Addr, bool) {
	const unknown, v4, v6 = 0, 1, 2
	switch r.u32() {
	case unknown:
		return flow.Addr{}, true
	case v4:
		if ip := r.take(4); ip != nil {
			return flow.AddrFrom4([4]byte(ip)), true
		}
		return flow.Addr{}, true
	case v6:
		if ip := r.take(16); ip != nil {
			return flow.Addr(ip), true
		}
		return flow.Addr{}, true
	}
	return flow.Addr{}, false
}

// padded returns the length that n bytes take. It is for lengths that were held
// against the bytes that are there.
func padded(n uint32) int { return (int(n) + 3) &^ 3 }

// appendWords appends numbers as list returns them.
func appendWords(to []uint32, list []byte) []uint32 {
	for ; len(list) >= 4; list = list[4:] {
		to = append(to, binary.BigEndian.Uint32(list))
	}
	return to
}
