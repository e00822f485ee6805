//go:build linux

package attach

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink"
)

// Interface is a network interface.
type Interface struct {
	Index int
	Name  string
	Type  string // of its link, as ip-link(8) calls it: ether, loopback, none …
}

const (
	loopback = "loopback"
	ethernet = "ether"
)

// bare are the types of links whose frames begin with the IP packet.
var bare = []string{"none", "ppp", "rawip", "tunnel", "tunnel6", "sit", "ipgre", "gre6"}

// Ethernet reports whether frames begin with an Ethernet header.
func (i Interface) Ethernet() bool { return i.Type == ethernet || i.Type == loopback }

// Check returns an error when frames begin neither with an Ethernet header nor with
// the IP packet.
func (i Interface) Check() error {
	if i.Ethernet() || slices.Contains(bare, i.Type) {
		return nil
	}
	return fmt.Errorf("frames of link type %s are not read", i.Type)
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
		all = append(all, Interface{Index: a.Index, Name: a.Name, Type: a.EncapType})
	}
	return all, nil
}
