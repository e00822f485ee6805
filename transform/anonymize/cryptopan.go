package anonymize

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// cryptoPAn is the keys of the method, and the first 16 bits of each address. It
// does not change.
//
// Bit i of a pseudonym is bit i of the address, turned over or not by a pseudorandom
// function of the i bits before it: the first bit of a block encrypted with AES,
// which has these bits in front of a secret padding.
type cryptoPAn struct {
	block        cipher.Block
	padHi, padLo uint64
	first        [1 << 16]uint16 // what turns over the first 16 bits
}

// newCryptoPAn takes a key of KeyLen bytes: of AES, and to make the padding of.
func newCryptoPAn(key []byte) *cryptoPAn {
	block, err := aes.NewCipher(key[:16])
	if err != nil { // the length is right
		panic(err)
	}
	var pad [16]byte
	block.Encrypt(pad[:], key[16:])
	p := &cryptoPAn{block: block, padHi: binary.BigEndian.Uint64(pad[:8]), padLo: binary.BigEndian.Uint64(pad[8:])}
	var s scratch
	for length := range 16 { // of the bits before; each tells one bit of many addresses
		step := 1 << (16 - length)
		for from := 0; from < 1<<16; from += step {
			if p.turns(&s, uint64(from)<<48, 0, length, length+1) == 0 {
				continue
			}
			for i := from; i < from+step; i++ {
				p.first[i] |= 0x8000 >> length
			}
		}
	}
	return p
}

// scratch is where blocks are encrypted. All are written before the first is, since
// reading what was written just now in other pieces takes a processor time.
type scratch [64][aes.BlockSize]byte

// turns returns what turns over the bits from one to before another, both in the
// first or both in the second half of the address in hi and lo.
func (p *cryptoPAn) turns(s *scratch, hi, lo uint64, from, to int) (t uint64) {
	blocks := s[:to-from]
	for i := range blocks {
		blockHi, blockLo := hi, p.padLo
		if known := ^(^uint64(0) >> ((from + i) & 63)); from < 64 {
			blockHi = hi&known | p.padHi&^known
		} else {
			blockLo = lo&known | p.padLo&^known
		}
		binary.BigEndian.PutUint64(blocks[i][:8], blockHi)
		binary.BigEndian.PutUint64(blocks[i][8:], blockLo)
	}
	for i := range blocks {
		b := blocks[i][:]
		p.block.Encrypt(b, b)
		t = t<<1 | uint64(b[0]>>7)
	}
	return t << (63 - (to-1)&63)
}

// start returns what turns over the first 16 bits.
func (p *cryptoPAn) start(hi uint64) uint64 { return uint64(p.first[hi>>48]) << 48 }
