package udp

import "net/netip"

// allowed is a set of exporters that remembers who was asked for last.
type allowed struct {
	prefixes []netip.Prefix
	last     netip.Addr
	ok       bool
}

func newAllowed(prefixes []netip.Prefix) *allowed {
	a := &allowed{}
	for _, p := range prefixes {
		if ip := p.Addr(); ip.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(ip.Unmap(), p.Bits()-96)
		}
		a.prefixes = append(a.prefixes, p.Masked())
	}
	return a
}

func (a *allowed) has(ip netip.Addr) bool {
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
