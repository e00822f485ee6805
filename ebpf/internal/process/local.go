//go:build linux

package process

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/flow"
)

// Local tells which addresses are those of the host: what its table of local routes
// says (ip-route(8)). It is not safe for concurrent use.
type Local struct {
	handle *netlink.Handle
	fresh  bool
	hosts  map[flow.Addr]struct{}
	nets   []netip.Prefix // of more than one address
}

// NewLocal returns the addresses of the network namespace of the calling thread.
func NewLocal() (*Local, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	return &Local{handle: h}, nil
}

// Forget has the routes read anew when they are needed next.
func (l *Local) Forget() { l.fresh = false }

// Has reports whether an address is local. When that cannot be told, none is.
func (l *Local) Has(a flow.Addr) bool {
	if !l.fresh {
		l.fresh = true
		l.read()
	}
	if _, ok := l.hosts[a]; ok {
		return true
	}
	for _, p := range l.nets {
		if a.In(p) {
			return true
		}
	}
	return false
}

func (l *Local) read() {
	l.hosts, l.nets = map[flow.Addr]struct{}{}, nil
	filter := netlink.Route{Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := l.handle.RouteListFiltered(family, &filter, netlink.RT_FILTER_TABLE|netlink.RT_FILTER_TYPE)
		if err != nil {
			continue
		}
		for _, r := range routes {
			l.add(r)
		}
	}
}

func (l *Local) add(r netlink.Route) {
	if r.Dst == nil {
		return
	}
	a, ok := netip.AddrFromSlice(r.Dst.IP)
	if !ok {
		return
	}
	bits, _ := r.Dst.Mask.Size()
	if p := netip.PrefixFrom(a, bits); p.IsSingleIP() {
		l.hosts[flow.AddrFrom(a)] = struct{}{}
	} else {
		l.nets = append(l.nets, p)
	}
}

// Close lets go of what asks the kernel.
func (l *Local) Close() { l.handle.Close() }
