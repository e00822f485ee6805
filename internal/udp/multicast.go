package udp

import (
	"net"
	"net/netip"
)

// IsGroup reports whether host:port is that of a multicast group.
func IsGroup(address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && at.Addr().IsMulticast()
}

// join opens a socket at the address of a group, and joins it on the interface
// that the configuration or the address's zone names, or else on the system's
// choice.
func join(c *Config) (*net.UDPConn, error) {
	at, err := netip.ParseAddrPort(c.Address)
	if err != nil {
		return nil, err
	}
	name := c.Interface
	if name == "" {
		name = at.Addr().Zone()
	}
	var on *net.Interface
	if name != "" {
		if on, err = net.InterfaceByName(name); err != nil {
			return nil, &net.OpError{Op: "join", Net: "udp", Addr: net.UDPAddrFromAddrPort(at), Err: err}
		}
	}
	return net.ListenMulticastUDP("udp", on, net.UDPAddrFromAddrPort(at))
}
