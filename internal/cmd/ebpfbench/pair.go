//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"

	"github.com/flowpipeline/pipeline/internal/netns"
)

// The interfaces, and the addresses that they have.
const (
	devA, devB   = "va", "vb"
	addrA, addrB = "10.0.0.1", "10.0.0.2"
)

// pair is two network namespaces that a veth pair joins. It ends with the process
// at the latest.
type pair struct {
	a, b  *netns.Namespace
	path  string // of a
	index int    // of devA
}

func newPair() (p *pair, err error) {
	p = new(pair)
	if p.a, p.path, err = netns.New(); err != nil {
		return nil, err
	}
	var path string
	if p.b, path, err = netns.New(); err != nil {
		return nil, errors.Join(err, p.a.Close())
	}
	if err := p.join(path); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *pair) close() { _ = errors.Join(p.a.Close(), p.b.Close()) }

// join makes the interfaces. IPv6 is off, so that nothing passes that is not sent.
func (p *pair) join(pathB string) error {
	other, err := os.Open(pathB)
	if err != nil {
		return err
	}
	defer other.Close()
	quiet := func() error {
		return os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	}
	err = errors.Join(p.a.Do(quiet), p.b.Do(quiet))
	if err == nil {
		err = p.a.Do(func() error {
			return netlink.LinkAdd(&netlink.Veth{
				LinkAttrs: netlink.LinkAttrs{Name: devA, TxQLen: 1000}, PeerName: devB, PeerNamespace: netlink.NsFd(other.Fd()),
			})
		})
	}
	if err == nil {
		err = errors.Join(p.a.Do(func() error { return up(devA, addrA) }), p.b.Do(func() error { return up(devB, addrB) }))
	}
	if err != nil {
		return fmt.Errorf("veth pair: %w", err)
	}
	return p.a.Do(func() error {
		i, err := net.InterfaceByName(devA)
		if err == nil {
			p.index = i.Index
		}
		return err
	})
}

// up gives an interface its address and turns it on, and the loopback interface.
func up(dev, addr string) error {
	loopback, missing := netlink.LinkByName("lo")
	link, err := netlink.LinkByName(dev)
	if err := errors.Join(missing, err); err != nil {
		return err
	}
	local := netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(addr), Mask: net.CIDRMask(24, 32)}}
	return errors.Join(netlink.AddrAdd(link, &local), netlink.LinkSetUp(link), netlink.LinkSetUp(loopback))
}

// passed returns how many packets devA has counted, in and out.
func (p *pair) passed() (n uint64, err error) {
	err = p.a.Do(func() error {
		link, err := netlink.LinkByIndex(p.index)
		if err == nil {
			s := link.Attrs().Statistics
			n = s.RxPackets + s.TxPackets
		}
		return err
	})
	return n, err
}
