//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Group reads the rings of interfaces that come and go. Next, Wait, Waiting and
// Close are for one goroutine; the other methods may be called concurrently with
// them, but not with Close.
type Group struct {
	wake int // an eventfd that ends Wait

	mu    sync.Mutex
	added []*Ring // that the reader has not seen
	gone  []*Ring // whose interfaces went
	ended uint64  // drops of rings that were closed

	rings []*Ring
	fds   []unix.PollFd
	next  int // the ring that Next looks at
}

// NewGroup returns an empty group.
func NewGroup() (*Group, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	return &Group{wake: fd}, nil
}

// Add has the group read a ring, which is the group's from now on.
func (g *Group) Add(r *Ring) {
	g.mu.Lock()
	g.added = append(g.added, r)
	g.mu.Unlock()
	g.Wake()
}

// Remove has no more packets come into a ring. Those that it holds are still read.
func (g *Group) Remove(r *Ring) error {
	err := r.Stop()
	g.mu.Lock()
	g.gone = append(g.gone, r)
	g.mu.Unlock()
	g.Wake()
	return err
}

// Wake ends a Wait.
func (g *Group) Wake() {
	_, _ = unix.Write(g.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

// settle takes over the rings that came, and closes those that are gone and empty.
func (g *Group) settle() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rings = append(g.rings, g.added...)
	g.added = nil
	var left []*Ring
	for _, r := range g.gone {
		if r.Waiting() {
			left = append(left, r)
			continue
		}
		g.ended += r.Drops()
		_ = r.Close()
		g.rings = without(g.rings, r)
	}
	g.gone = left
	g.fds = append(g.fds[:0], unix.PollFd{Fd: int32(g.wake), Events: unix.POLLIN})
	for _, r := range g.rings {
		g.fds = append(g.fds, unix.PollFd{Fd: int32(r.fd), Events: unix.POLLIN})
	}
	g.next = 0
}

func without(rings []*Ring, r *Ring) (rest []*Ring) {
	for _, other := range rings {
		if other != r {
			rest = append(rest, other)
		}
	}
	return rest
}

// Next returns the next packet, and false when there is none now. The packet's
// data is valid until the next call of a method of the reader's.
func (g *Group) Next(f *Frame) bool {
	for ; g.next < len(g.rings); g.next++ {
		if g.rings[g.next].Next(f) {
			return true
		}
	}
	g.next = 0
	return false
}

// Wait waits until Next would return a packet, Wake was called, or the deadline has
// come.
func (g *Group) Wait(deadline time.Time) error {
	g.settle()
	timeout := max(time.Until(deadline), 0)
	ms := int(min((timeout+time.Millisecond-1)/time.Millisecond, 1<<30))
	_, err := unix.Poll(g.fds, ms)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("wait for packets: %w", err)
	}
	if g.fds[0].Revents != 0 {
		var n [8]byte
		_, _ = unix.Read(g.wake, n[:])
	}
	for i, r := range g.rings {
		if g.fds[i+1].Revents&unix.POLLERR != 0 {
			r.clear()
		}
	}
	return nil
}

// Stop has no more packets come into any ring.
func (g *Group) Stop() error {
	g.settle()
	var errs []error
	for _, r := range g.rings {
		errs = append(errs, r.Stop())
	}
	return errors.Join(errs...)
}

// Waiting reports whether some ring holds packets that Next has not given out.
func (g *Group) Waiting() bool {
	for _, r := range g.rings {
		if r.Waiting() {
			return true
		}
	}
	return false
}

// Drops returns how many packets the rings had no room for, so far.
func (g *Group) Drops() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.ended
	for _, r := range g.rings {
		n += r.Drops()
	}
	return n
}

// Close closes the rings.
func (g *Group) Close() error {
	g.settle()
	errs := []error{unix.Close(g.wake)}
	for _, r := range g.rings {
		errs = append(errs, r.Close())
	}
	g.rings = nil
	return errors.Join(errs...)
}
