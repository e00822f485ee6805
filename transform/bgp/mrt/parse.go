package mrt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// Segments of an AS path (RFC 4271 4.3, RFC 5065 3).
const (
	asSet      = 1
	asSequence = 2
)

const (
	attributeASPath = 2
	extendedLength  = 0x10 // flag of an attribute
)

var errShort = errors.New("it ends too early")

// parseRoute reads a RIB record for addresses of so many bits. It counts votes
// anew.
func parseRoute(raw []byte, addrBits int, addPath bool, votes *ballot) (record, error) {
	var rec record
	prefix, rest, err := parsePrefix(raw, addrBits)
	if err != nil {
		return rec, err
	}
	rec.prefix = prefix
	if len(rest) < 2 {
		return rec, errShort
	}
	count := int(binary.BigEndian.Uint16(rest))
	rest = rest[2:]
	votes.clear()
	for i := range count {
		var path []byte
		path, rest, err = parseEntry(rest, addPath)
		if err != nil {
			return rec, fmt.Errorf("%v, entry %d: %w", prefix, i, err)
		}
		origin, ok, err := parseOrigin(path)
		if err != nil {
			return rec, fmt.Errorf("%v, entry %d: AS path: %w", prefix, i, err)
		}
		if ok {
			votes.add(origin)
		}
	}
	rec.origin, rec.known = votes.winner()
	return rec, nil
}

// parsePrefix reads sequence number and prefix.
func parsePrefix(raw []byte, addrBits int) (p netip.Prefix, rest []byte, err error) {
	if len(raw) < 5 {
		return p, nil, errShort
	}
	bits := int(raw[4])
	if bits > addrBits {
		return p, nil, fmt.Errorf("a prefix of %d bits", bits)
	}
	n := (bits + 7) / 8
	if rest = raw[5:]; len(rest) < n {
		return p, nil, errShort
	}
	var a [16]byte
	copy(a[:], rest[:n])
	addr := netip.AddrFrom16(a)
	if addrBits == 32 {
		addr = netip.AddrFrom4([4]byte(a[:4]))
	}
	if addr.Is4In6() {
		return p, nil, errors.New("an IPv4 prefix written as one of IPv6")
	}
	return netip.PrefixFrom(addr, bits).Masked(), rest[n:], nil
}

// parseEntry returns the AS path of a peer's entry; nil if it has none.
func parseEntry(b []byte, addPath bool) (path, rest []byte, err error) {
	size := 8 // peer, time, length
	if addPath {
		size += 4
	}
	if len(b) < size {
		return nil, nil, errShort
	}
	n := int(binary.BigEndian.Uint16(b[size-2:]))
	if b = b[size:]; len(b) < n {
		return nil, nil, errShort
	}
	path, err = findPath(b[:n])
	return path, b[n:], err
}

// findPath looks for the AS path among attributes.
func findPath(attrs []byte) ([]byte, error) {
	for len(attrs) > 0 {
		size := 3
		if attrs[0]&extendedLength != 0 {
			size = 4
		}
		if len(attrs) < size {
			return nil, errShort
		}
		n := int(attrs[2])
		if size == 4 {
			n = int(binary.BigEndian.Uint16(attrs[2:]))
		}
		if len(attrs) < size+n {
			return nil, errShort
		}
		if attrs[1] == attributeASPath {
			return attrs[size : size+n], nil
		}
		attrs = attrs[size+n:]
	}
	return nil, nil
}

// parseOrigin returns the origin of a path of AS numbers of four bytes (RFC 6811
// 2); false if the path does not tell one.
func parseOrigin(path []byte) (origin uint32, ok bool, err error) {
	for len(path) > 0 {
		if len(path) < 2 || len(path) < 2+4*int(path[1]) {
			return 0, false, errShort
		}
		kind, n := path[0], 4*int(path[1])
		segment := path[2 : 2+n]
		path = path[2+n:]
		switch {
		case n == 0:
		case kind == asSequence:
			origin, ok = binary.BigEndian.Uint32(segment[n-4:]), true
		case kind == asSet:
			origin, ok = 0, true
		default: // of a confederation
			origin, ok = 0, false
		}
	}
	return origin, ok, nil
}

// ballot counts origins.
type ballot struct {
	origins []uint32
	votes   []int
}

func (b *ballot) clear() { b.origins, b.votes = b.origins[:0], b.votes[:0] }

func (b *ballot) add(origin uint32) {
	for i, o := range b.origins {
		if o == origin {
			b.votes[i]++
			return
		}
	}
	b.origins, b.votes = append(b.origins, origin), append(b.votes, 1)
}

// winner is the origin with the most votes, the first of several.
func (b *ballot) winner() (origin uint32, ok bool) {
	best := 0
	for i, n := range b.votes {
		if n > best {
			best, origin, ok = n, b.origins[i], true
		}
	}
	return origin, ok
}
