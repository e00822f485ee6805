// Package vrp holds validated ROA payloads (VRPs): sets of them, the table that
// tells the origin validation state of a route (RFC 6811), and the files that
// they come in.
package vrp

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/flowpipeline/pipeline/flow"
)

// Max is the most VRPs that are held at once, several times what the world has.
const Max = 1 << 22

// VRP says that an AS may originate a prefix, and what is more specific up to a
// length. It holds no pointer, so that the collector need not look at a million.
type VRP struct {
	Addr   flow.Addr // of the prefix
	ASN    uint32    // 0: nobody may (RFC 6483 4)
	Bits   uint8     // length of the prefix, up to 32 or 128
	MaxLen uint8     // greatest length of a route
}

// New checks what a VRP is made of: maxLen must be from the prefix's length to
// that of an address.
func New(p netip.Prefix, maxLen int, asn uint32) (VRP, error) {
	switch {
	case !p.IsValid():
		return VRP{}, fmt.Errorf("prefix %v is none", p)
	case p.Addr().Is4In6():
		return VRP{}, fmt.Errorf("prefix %v is an IPv4 prefix written as one of IPv6", p)
	case p != p.Masked():
		return VRP{}, fmt.Errorf("prefix %v has bits behind its length: is %v meant?", p, p.Masked())
	case maxLen < p.Bits() || maxLen > p.Addr().BitLen():
		return VRP{}, fmt.Errorf("maximum length %d of prefix %v is not from %d to %d", maxLen, p, p.Bits(), p.Addr().BitLen())
	}
	return VRP{flow.AddrFrom(p.Addr()), asn, uint8(p.Bits()), uint8(maxLen)}, nil
}

// Prefix returns the prefix.
func (v VRP) Prefix() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom16(v.Addr).Unmap(), int(v.Bits))
}

// String returns the prefix, the maximum length and the AS: 192.0.2.0/24-26 AS64496.
func (v VRP) String() string { return fmt.Sprintf("%v-%d AS%d", v.Prefix(), v.MaxLen, v.ASN) }

// Compare orders VRPs: those of IPv4 first, a prefix before those in it, by AS,
// and the greatest maximum length first.
func Compare(a, b VRP) int {
	if four := a.Addr.Is4(); four != b.Addr.Is4() {
		if four {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(binary.BigEndian.Uint64(a.Addr[:8]), binary.BigEndian.Uint64(b.Addr[:8])); c != 0 {
		return c
	}
	if c := cmp.Compare(binary.BigEndian.Uint64(a.Addr[8:]), binary.BigEndian.Uint64(b.Addr[8:])); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Bits, b.Bits); c != 0 {
		return c
	}
	if c := cmp.Compare(a.ASN, b.ASN); c != 0 {
		return c
	}
	return cmp.Compare(b.MaxLen, a.MaxLen)
}
