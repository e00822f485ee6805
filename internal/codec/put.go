package codec

import "math/bits"

const (
	million = 1e6
	billion = 1e9
	ascii   = 0x303030303030 // six digits of 0
)

// threes holds the three decimal digits of numbers below 1000, each in a byte, the
// first in the lowest.
var threes = func() (all [1000]uint32) {
	for i := range uint32(len(all)) {
		all[i] = i/100 | i/10%10<<8 | i%10<<16
	}
	return all
}()

// digits returns the six decimal digits of v, which is below a million, likewise.
func digits(v uint64) uint64 { return uint64(threes[v/1000]) | uint64(threes[v%1000])<<24 }

// putUint writes v in decimal.
func putUint(p *room, n int, v uint64) int {
	if v < million {
		return putShort(p, n, v)
	}
	if v < million*million {
		return putSix(p, putShort(p, n, v/million), v%million)
	}
	high, low := v/billion, v%billion
	if high < million {
		n = putShort(p, n, high)
	} else {
		n = putSix(p, putShort(p, n, high/million), high%million)
	}
	return putThree(p, putSix(p, n, low/1000), low%1000)
}

// putShort writes v, which is below a million. It has no branches, since the
// lengths of numbers are hard to predict.
func putShort(p *room, n int, v uint64) int {
	d := digits(v)
	zeros := bits.TrailingZeros64(d|1<<40) &^ 7
	p.store8(n, (d|ascii)>>zeros)
	return n + 6 - zeros/8
}

// putSix writes v, which is below a million, with leading zeros.
func putSix(p *room, n int, v uint64) int {
	p.store8(n, digits(v)|ascii)
	return n + 6
}

// putThree writes v, which is below 1000, with leading zeros.
func putThree(p *room, n int, v uint64) int {
	p.store4(n, threes[v]|ascii&0xffffff)
	return n + 3
}

// putInt writes v in decimal.
func putInt(p *room, n int, v int64) int {
	if v < 0 {
		return putUint(p, p.put(n, '-'), -uint64(v))
	}
	return putUint(p, n, uint64(v))
}
