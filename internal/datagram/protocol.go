package datagram

import "encoding/binary"

// Protocol is what a datagram's first bytes say it is.
type Protocol uint8

// Protocols. NetFlow stands for versions 5, 7 and 9 and for IPFIX.
const (
	Unknown Protocol = iota
	NetFlow
	SFlow
)

// Tell looks at the version that a payload begins with: 16 bits in NetFlow and
// IPFIX, 32 in sFlow.
func Tell(p []byte) Protocol {
	if len(p) < 4 {
		return Unknown
	}
	switch binary.BigEndian.Uint16(p) {
	case 0:
		if v := binary.BigEndian.Uint16(p[2:]); v >= 2 && v <= 5 {
			return SFlow
		}
	case 1, 5, 6, 7, 8, 9, 10:
		return NetFlow
	}
	return Unknown
}

// Sizes of headers and records, in bytes.
const (
	headerV5, recordV5 = 24, 48
	headerV7, recordV7 = 24, 52
	headerV9           = 20
	headerIPFIX        = 16
	headerSet          = 4
)

// Looks reports whether a payload that came to some port is a whole flow export:
// its version, lengths and counts agree with each other.
func Looks(p []byte) bool {
	if len(p) < headerIPFIX {
		return false
	}
	count := int(binary.BigEndian.Uint16(p[2:]))
	switch binary.BigEndian.Uint16(p) {
	case 5:
		return count > 0 && len(p) == headerV5+count*recordV5
	case 7:
		return count > 0 && len(p) == headerV7+count*recordV7
	case 9:
		return looksSet(p, headerV9, 0, 1)
	case 10:
		return count == len(p) && looksSet(p, headerIPFIX, 2, 3)
	case 0:
		return looksSFlow(p)
	}
	return false
}

// looksSet reports whether a set begins behind the header: of templates, of
// options templates or of data.
func looksSet(p []byte, header int, templates, options uint16) bool {
	if len(p) == header {
		return true
	}
	if len(p) < header+headerSet {
		return false
	}
	id, size := binary.BigEndian.Uint16(p[header:]), int(binary.BigEndian.Uint16(p[header+2:]))
	return (id == templates || id == options || id >= 256) && size >= headerSet && size <= len(p)-header
}

func looksSFlow(p []byte) bool {
	samples := 24
	switch binary.BigEndian.Uint32(p[4:]) {
	case 1:
	case 2:
		samples = 36
	default:
		return false
	}
	if binary.BigEndian.Uint16(p[2:]) != 5 || len(p) < samples+4 {
		return false
	}
	count, rest := binary.BigEndian.Uint32(p[samples:]), p[samples+4:]
	if count == 0 {
		return len(rest) == 0
	}
	// A sample begins with its format and its length.
	return uint64(count) <= uint64(len(rest))/8 && uint64(binary.BigEndian.Uint32(rest[4:])) <= uint64(len(rest)-8)
}
