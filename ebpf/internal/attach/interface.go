//go:build linux

package attach

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
)

// Interface is a network interface.
type Interface struct {
	Index    int
	Name     string
	Loopback bool
	// Ethernet says that frames begin with an Ethernet header; else they begin
	// with the IP packet.
	Ethernet bool
}

// String returns the interface's name.
func (i Interface) String() string { return i.Name }

// dumps is how often a list of interfaces is asked for that changed meanwhile.
const dumps = 5

// list returns the interfaces of the namespace that h is in.
func list(h *netlink.Handle) ([]Interface, error) {
	var links []netlink.Link
	var err error = netlink.ErrDumpInterrupted
	for n := 0; n < dumps && errors.Is(err, netlink.ErrDumpInterrupted); n++ {
		links, err = h.LinkList()
	}
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("list the interfaces: %w", err)
	}
	var all []Interface
	for _, l := range links {
		a := l.Attrs()
		loopback := a.EncapType == "loopback"
		all = append(all, Interface{
			Index: a.Index, Name: a.Name, Loopback: loopback,
			Ethernet: loopback || a.EncapType == "ether",
		})
	}
	return all, nil
}
