package datagram

import (
	"errors"
	"net/netip"
)

// Allowed is a set of exporters that remembers who was asked for last. It is not
// safe for concurrent use.
type Allowed struct {
	prefixes []netip.Prefix
	last     netip.Addr
	ok       bool
}

// Allow returns the set of the exporters with an address in one of the prefixes;
// none means everybody.
func Allow(prefixes []netip.Prefix) *Allowed {
	a := &Allowed{}
	for _, p := range prefixes {
		if ip := p.Addr(); ip.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(ip.Unmap(), p.Bits()-96)
		}
		a.prefixes = append(a.prefixes, p.Masked())
	}
	return a
}

// CheckAllow returns what is wrong with prefixes for Allow.
func CheckAllow(prefixes []netip.Prefix) error {
	for _, p := range prefixes {
		if !p.IsValid() {
			return errors.New("a prefix of the allowed exporters is not valid")
		}
	}
	return nil
}

// Has reports whether an exporter is allowed.
func (a *Allowed) Has(ip netip.Addr) bool {
	if len(a.prefixes) == 0 {
		return true
	}
	if ip == a.last {
		return a.ok
	}
	a.last, a.ok = ip, false
	for _, p := range a.prefixes {
		if p.Contains(ip) {
			a.ok = true
			break
		}
	}
	return a.ok
}
