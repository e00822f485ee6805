package netflow

import (
	"bytes"
	"encoding/binary"
	"math"
)

func u16(p []byte) uint16 { return binary.BigEndian.Uint16(p) }
func u32(p []byte) uint32 { return binary.BigEndian.Uint32(p) }
func u64(p []byte) uint64 { return binary.BigEndian.Uint64(p) }

// number reads an unsigned number of any length up to 8 bytes (RFC 7011 6.2).
// Of a longer one the greatest number stands for what does not fit.
func number(v []byte) uint64 {
	switch len(v) {
	case 1:
		return uint64(v[0])
	case 2:
		return uint64(u16(v))
	case 4:
		return uint64(u32(v))
	case 8:
		return u64(v)
	}
	n := uint64(0)
	for i, c := range v {
		if i < len(v)-8 && c != 0 {
			return 1<<64 - 1
		}
		n = n<<8 | uint64(c)
	}
	return n
}

// narrow reads a number that is held in 32 bits.
func narrow(v []byte) uint32 { return uint32(min(number(v), 1<<32-1)) }

// float reads a floating-point number of 4 or 8 bytes (RFC 7011 6.1.3), 0 of any
// other length.
func float(v []byte) float64 {
	switch len(v) {
	case 4:
		return float64(math.Float32frombits(u32(v)))
	case 8:
		return math.Float64frombits(u64(v))
	}
	return 0
}

// trim cuts what pads a text of fixed length.
func trim(v []byte) []byte {
	if i := bytes.IndexByte(v, 0); i >= 0 {
		v = v[:i]
	}
	return bytes.TrimRight(v, " ")
}

// appID reads an application id (RFC 6759): the engine in the top byte, the
// selector below.
func appID(v []byte) uint64 {
	if len(v) == 0 {
		return 0
	}
	return uint64(v[0])<<56 | number(v[1:])&(1<<56-1)
}

// zeros reports whether there is nothing but zero bytes.
func zeros(v []byte) bool {
	for _, c := range v {
		if c != 0 {
			return false
		}
	}
	return true
}
