package flow

import (
	"encoding/binary"
	"math/bits"
)

// Hash mixes the 5-tuple: addresses, ports and protocol. It is stable within a
// process and differs between versions of this library.
func (fl *Flow) Hash() uint64 {
	h := mix(le64(fl.SrcAddr[:8])^hashSeed, le64(fl.SrcAddr[8:]))
	h = mix(h^le64(fl.DstAddr[:8]), le64(fl.DstAddr[8:])^hashSeed)
	return mix(h, uint64(fl.SrcPort)<<32|uint64(fl.DstPort)<<16|uint64(fl.Proto)|1<<63)
}

// Hash mixes the values of the given fields of one flow; absent ones count as
// zero. With no field it is the 5-tuple's.
func (b *Batch) Hash(fl *Flow, fields []Field) uint64 {
	if len(fields) == 0 {
		return fl.Hash()
	}
	h := uint64(hashSeed)
	for _, f := range fields {
		switch b.kind(f) {
		case KindAddr:
			a, _ := b.Addr(fl, f)
			h = mix(h^le64(a[:8]), le64(a[8:])^hashSeed)
		case KindText, KindCountry:
			t, _ := b.Text(fl, f)
			h = mixBytes(h, t)
		case KindU32s:
			l, _ := b.U32s(fl, f)
			h = mix(h^uint64(len(l)), hashSeed)
			for _, v := range l {
				h = mix(h^uint64(v), hashSeed)
			}
		case KindAddrs:
			l, _ := b.Addrs(fl, f)
			h = mix(h^uint64(len(l)), hashSeed)
			for _, a := range l {
				h = mix(h^le64(a[:8]), le64(a[8:])^hashSeed)
			}
		default:
			v, _ := b.Uint(fl, f)
			h = mix(h^v, hashSeed)
		}
	}
	return h
}

const hashSeed = 0x9E3779B97F4A7C15

// mix folds the 128-bit product of a and b. Both are added again, so that a
// factor that happens to be zero does not lose the other.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xA0761D6478BD642F, b^0xE7037ED1A0B428DB)
	return hi ^ lo ^ a ^ bits.RotateLeft64(b, 32)
}

func mixBytes(h uint64, p []byte) uint64 {
	h = mix(h^uint64(len(p)), hashSeed)
	for len(p) >= 8 {
		h = mix(h^le64(p), hashSeed)
		p = p[8:]
	}
	var tail [8]byte
	copy(tail[:], p)
	return mix(h^le64(tail[:]), hashSeed)
}

func le64(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }
