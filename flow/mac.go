package flow

import (
	"fmt"
	"net"
)

// MAC is an EUI-48 address in network order. The zero value is no address.
type MAC [6]byte

// MACFromUint64 returns the address in the low 48 bits of v, the most
// significant byte first, as flow messages in protobuf carry it.
func MACFromUint64(v uint64) MAC {
	return MAC{byte(v >> 40), byte(v >> 32), byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
}

// ParseMAC parses the usual text forms of an EUI-48 address; the empty text is
// the zero MAC.
func ParseMAC(s string) (MAC, error) {
	if s == "" {
		return MAC{}, nil
	}
	hw, err := net.ParseMAC(s)
	if err != nil {
		return MAC{}, err
	}
	if len(hw) != 6 {
		return MAC{}, fmt.Errorf("%q is no EUI-48 address", s)
	}
	return MAC(hw), nil
}

// Uint64 returns the address as a number, the reverse of MACFromUint64.
func (m MAC) Uint64() uint64 {
	return uint64(m[0])<<40 | uint64(m[1])<<32 | uint64(m[2])<<24 | uint64(m[3])<<16 | uint64(m[4])<<8 | uint64(m[5])
}

// IsZero reports whether there is no address.
func (m MAC) IsZero() bool { return m == MAC{} }

// String returns six pairs of hexadecimal digits joined by colons, and "" for
// no address.
func (m MAC) String() string {
	if m.IsZero() {
		return ""
	}
	return string(m.AppendTo(nil))
}

// AppendTo appends what String returns.
func (m MAC) AppendTo(b []byte) []byte {
	if m.IsZero() {
		return b
	}
	const hex = "0123456789abcdef"
	for i, v := range m {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, hex[v>>4], hex[v&15])
	}
	return b
}

// MarshalText implements encoding.TextMarshaler with String's form.
func (m MAC) MarshalText() ([]byte, error) { return m.AppendTo(nil), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *MAC) UnmarshalText(text []byte) error {
	v, err := ParseMAC(string(text))
	*m = v
	return err
}

// Country is an ISO 3166-1 alpha-2 code in capitals. The zero value is none.
type Country [2]byte

// ParseCountry takes two ASCII letters of either case, and reports false for
// anything else but the empty text, which is none.
func ParseCountry(s string) (Country, bool) {
	if s == "" {
		return Country{}, true
	}
	if len(s) != 2 {
		return Country{}, false
	}
	c := Country{s[0] &^ 0x20, s[1] &^ 0x20}
	return c, 'A' <= c[0] && c[0] <= 'Z' && 'A' <= c[1] && c[1] <= 'Z'
}

// String returns the two letters, and "" for none.
func (c Country) String() string {
	if c == (Country{}) {
		return ""
	}
	return string(c[:])
}

// MarshalText implements encoding.TextMarshaler.
func (c Country) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
