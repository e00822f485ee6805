package flow

import (
	"encoding/binary"
	"net/netip"
)

// Addr is an IPv4 or IPv6 address in 16 bytes; IPv4 is held in its mapped form
// (::ffff:a.b.c.d). The zero value is no address: the unspecified IPv6 address
// cannot be told from it.
type Addr [16]byte

// AddrFrom returns ip without its zone. An invalid ip gives the zero Addr.
func AddrFrom(ip netip.Addr) Addr {
	if !ip.IsValid() {
		return Addr{}
	}
	return ip.As16()
}

// AddrFrom4 returns an IPv4 address.
func AddrFrom4(ip [4]byte) Addr {
	return Addr{10: 0xff, 11: 0xff, 12: ip[0], 13: ip[1], 14: ip[2], 15: ip[3]}
}

// AddrFromSlice returns the address in 4 or 16 bytes of network order, and
// false for any other length.
func AddrFromSlice(ip []byte) (Addr, bool) {
	switch len(ip) {
	case 4:
		return AddrFrom4([4]byte(ip)), true
	case 16:
		return Addr(ip), true
	}
	return Addr{}, false
}

// ParseAddr parses the usual text forms of an address; the empty text is the
// zero Addr.
func ParseAddr(s string) (Addr, error) {
	if s == "" {
		return Addr{}, nil
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return Addr{}, err
	}
	return AddrFrom(ip), nil
}

// MustParseAddr is ParseAddr for constants in tests and examples; it panics on
// a mistake.
func MustParseAddr(s string) Addr {
	a, err := ParseAddr(s)
	if err != nil {
		panic(err)
	}
	return a
}

// IsZero reports whether there is no address.
func (a Addr) IsZero() bool { return a == Addr{} }

// Is4 reports whether a is an IPv4 address.
func (a Addr) Is4() bool {
	return binary.BigEndian.Uint64(a[:8]) == 0 && binary.BigEndian.Uint32(a[8:12]) == 0xffff
}

// V4 returns an IPv4 address as a number in host order; it means nothing for
// another address.
func (a Addr) V4() uint32 { return binary.BigEndian.Uint32(a[12:]) }

// Netip returns the address for use with net/netip, unmapped. The zero Addr
// gives the zero netip.Addr, which is not valid.
func (a Addr) Netip() netip.Addr {
	if a.IsZero() {
		return netip.Addr{}
	}
	return netip.AddrFrom16(a).Unmap()
}

// In reports whether the address lies in p. IPv4 addresses lie only in IPv4
// prefixes.
func (a Addr) In(p netip.Prefix) bool { return p.Contains(a.Netip()) }

// String returns the usual text form, and "" for no address.
func (a Addr) String() string {
	if a.IsZero() {
		return ""
	}
	return a.Netip().String()
}

// AppendTo appends what String returns.
func (a Addr) AppendTo(b []byte) []byte {
	switch {
	case a.Is4():
		return appendV4(b, a.V4())
	case a.IsZero():
		return b
	}
	return a.Netip().AppendTo(b)
}

// MarshalText implements encoding.TextMarshaler with String's form.
func (a Addr) MarshalText() ([]byte, error) { return a.AppendTo(nil), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Addr) UnmarshalText(text []byte) error {
	v, err := ParseAddr(string(text))
	*a = v
	return err
}

func appendV4(b []byte, v uint32) []byte {
	b = appendOctet(b, byte(v>>24))
	b = appendOctet(append(b, '.'), byte(v>>16))
	b = appendOctet(append(b, '.'), byte(v>>8))
	return appendOctet(append(b, '.'), byte(v))
}

func appendOctet(b []byte, o byte) []byte {
	if o >= 100 {
		return append(b, '0'+o/100, '0'+o/10%10, '0'+o%10)
	}
	if o >= 10 {
		return append(b, '0'+o/10, '0'+o%10)
	}
	return append(b, '0'+o)
}
