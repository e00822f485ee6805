//go:build linux

package attach

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Clsact attaches programs as filters of the clsact queueing discipline (since
// Linux 4.5). The kernel keeps such filters when the process is killed, so each has
// the name of an owner, and the next owner removes those of owners that are gone.
type Clsact struct {
	handle *netlink.Handle
	owner  owner
}

// owned begins the name of every filter and of every owner.
const owned = "pipeline-"

// made ends the name of a filter whose queueing discipline was made for it.
const made = "+"

// NewClsact returns a Clsact for the network namespace of the calling thread.
func NewClsact() (*Clsact, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	o, err := newOwner(owned + rand.Text()[:16])
	if err != nil {
		h.Close()
		return nil, err
	}
	return &Clsact{handle: h, owner: o}, nil
}

// Attach attaches programs to an interface. What it returns detaches them. It must
// be called in the network namespace that NewClsact was.
func (c *Clsact) Attach(p Programs, i Interface) (io.Closer, error) {
	if err := c.clean(i); err != nil {
		return nil, err
	}
	a := &clsactAttachment{handle: c.handle, device: i, name: c.owner.name}
	switch err := c.handle.QdiscAdd(qdisc(i)); {
	case err == nil:
		a.name += made
	case !errors.Is(err, unix.EEXIST):
		return nil, fmt.Errorf("clsact: %w", err)
	}
	for parent, program := range map[uint32]*ebpf.Program{
		netlink.HANDLE_MIN_INGRESS: p.Ingress,
		netlink.HANDLE_MIN_EGRESS:  p.Egress,
	} {
		if program == nil {
			continue
		}
		// Without a priority the filter comes before all others.
		f := &netlink.BpfFilter{
			FilterAttrs:  netlink.FilterAttrs{LinkIndex: i.Index, Parent: parent, Protocol: unix.ETH_P_ALL},
			Fd:           program.FD(),
			Name:         a.name,
			DirectAction: true,
		}
		if err := c.handle.FilterAdd(f); err != nil {
			return nil, errors.Join(fmt.Errorf("filter of clsact: %w", err), a.Close())
		}
	}
	return a, nil
}

// clean removes the filters of owners that are gone.
func (c *Clsact) clean(i Interface) error {
	gone := map[string]bool{}
	all, err := filters(c.handle, i)
	if err != nil {
		return err
	}
	for _, f := range all {
		name := strings.TrimSuffix(nameOf(f), made)
		if strings.HasPrefix(name, owned) && name != c.owner.name && !alive(name) {
			gone[nameOf(f)] = true
		}
	}
	for name := range gone {
		a := &clsactAttachment{handle: c.handle, device: i, name: name}
		if err := a.Close(); err != nil {
			return fmt.Errorf("filter %s that a killed process left: %w", name, err)
		}
	}
	return nil
}

// Close ends the owner. What is attached must have been detached before.
func (c *Clsact) Close() error {
	c.handle.Close()
	return c.owner.Close()
}

func qdisc(i Interface) *netlink.GenericQdisc {
	return &netlink.GenericQdisc{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: i.Index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT},
		QdiscType:  "clsact",
	}
}

// device makes an Interface what the library takes for one.
func device(i Interface) netlink.Link {
	return &netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: i.Index, Name: i.Name}}
}

// filters returns the filters that an interface has.
func filters(h *netlink.Handle, i Interface) (all []netlink.Filter, err error) {
	for _, parent := range []uint32{netlink.HANDLE_MIN_INGRESS, netlink.HANDLE_MIN_EGRESS} {
		some, err := h.FilterList(device(i), parent)
		if err != nil {
			return nil, fmt.Errorf("filters of clsact: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// nameOf returns the name of a filter that is a program.
func nameOf(f netlink.Filter) string {
	if b, ok := f.(*netlink.BpfFilter); ok {
		return b.Name
	}
	return ""
}

// clsactAttachment is the filters of one name on an interface.
type clsactAttachment struct {
	handle *netlink.Handle
	device Interface
	name   string
}

// Close removes the filters, and the queueing discipline if it was made for them
// and nobody else uses it.
func (a *clsactAttachment) Close() error {
	all, err := filters(a.handle, a.device)
	if err != nil {
		return unlessGone(err)
	}
	var errs []error
	others := 0
	for _, f := range all {
		if nameOf(f) == a.name {
			errs = append(errs, unlessGone(a.handle.FilterDel(f)))
		} else {
			others++
		}
	}
	if others == 0 && strings.HasSuffix(a.name, made) {
		errs = append(errs, unlessGone(a.handle.QdiscDel(qdisc(a.device))))
	}
	return errors.Join(errs...)
}

// unlessGone makes it no error that the interface is gone, and with it all that was
// attached to it.
func unlessGone(err error) error {
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}
