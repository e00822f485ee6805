//go:build linux

package attach

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/internal/netns"
)

// ErrNoInterface says that an interface is not there.
var ErrNoInterface = errors.New("no interface")

// Config says what a Watch does.
type Config struct {
	Namespace *netns.Namespace
	Selection Selection
	// Missing has Watch wait for interfaces that are named but not there, instead
	// of failing.
	Missing bool
	// Attach attaches to an interface, on a thread that is in the namespace. It
	// is called once for each interface at a time, never concurrently.
	Attach func(Interface) (io.Closer, error)
	Logger *slog.Logger
}

// Watch keeps attachments on the selected interfaces. Its methods may be called
// concurrently.
type Watch struct {
	c      Config
	handle *netlink.Handle
	socket *nl.NetlinkSocket // tells changes
	ended  chan struct{}     // closed when nobody listens any more

	mu       sync.Mutex
	attached map[int]attachment // by ifIndex
	gone     []Interface        // that were detached from and Interfaces has not told
	refused  map[int]bool       // that could not be attached to, and were told
	closed   bool

	changes, failures atomic.Uint64
}

type attachment struct {
	Interface
	closer io.Closer
}

// Start attaches to the interfaces that there are, and follows those that come. An
// interface that is named must be there, unless Missing says otherwise, and must
// take the attachment; of others that do not, the log tells.
func Start(c Config) (*Watch, error) {
	w := &Watch{c: c, ended: make(chan struct{}), attached: map[int]attachment{}, refused: map[int]bool{}}
	err := c.Namespace.Do(func() (err error) {
		if w.handle, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return fmt.Errorf("netlink: %w", err)
		}
		// Who asks after having begun to listen misses nothing.
		if w.socket, err = nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK); err != nil {
			return fmt.Errorf("listen for interfaces: %w", err)
		}
		return nil
	})
	if err == nil {
		err = w.begin()
	}
	if err != nil {
		close(w.ended)
		return nil, errors.Join(err, w.Close())
	}
	go w.follow()
	return w, nil
}

// begin attaches to what is there.
func (w *Watch) begin() error {
	all, err := list(w.handle)
	if err != nil {
		return err
	}
	if missing := w.missing(all); len(missing) > 0 && !w.c.Missing {
		return fmt.Errorf("%w %s; there are %s", ErrNoInterface, strings.Join(missing, ", "), names(all))
	}
	var errs []error
	tried := 0
	for _, i := range all {
		if !w.c.Selection.has(i) {
			continue
		}
		tried++
		if err := w.attach(i); err != nil {
			errs = append(errs, err)
			if w.c.Selection.named(i.Name) {
				return err
			}
		}
	}
	if tried > 0 && len(errs) == tried {
		return errors.Join(errs...)
	}
	return nil
}

func (w *Watch) missing(all []Interface) []string {
	return slices.DeleteFunc(slices.Clone(w.c.Selection.names), func(name string) bool {
		return slices.ContainsFunc(all, func(i Interface) bool { return i.Name == name })
	})
}

func names(all []Interface) string {
	var s []string
	for _, i := range all {
		s = append(s, i.Name)
	}
	return strings.Join(s, ", ")
}

// attach attaches to an interface, and tells the log once when that fails.
func (w *Watch) attach(i Interface) error {
	var closer io.Closer
	err := w.c.Namespace.Do(func() (err error) {
		closer, err = w.c.Attach(i)
		return err
	})
	if err != nil {
		err = fmt.Errorf("interface %s: %w", i, err)
		if !w.refused[i.Index] {
			w.refused[i.Index] = true
			w.failures.Add(1)
			w.c.Logger.Warn("cannot attach", "interface", i.Name, "index", i.Index, "error", err)
		}
		return err
	}
	delete(w.refused, i.Index)
	w.attached[i.Index] = attachment{i, closer}
	w.changes.Add(1)
	w.c.Logger.Info("attached", "interface", i.Name, "index", i.Index)
	return nil
}

// detach gives up the attachment to an interface, if there is one.
func (w *Watch) detach(index int) error {
	delete(w.refused, index)
	a, ok := w.attached[index]
	if !ok {
		return nil
	}
	delete(w.attached, index)
	w.gone = append(w.gone, a.Interface)
	w.changes.Add(1)
	w.c.Logger.Info("detached", "interface", a.Name, "index", index)
	return a.closer.Close()
}

// follow brings the attachments up to date with each change, until the Watch is
// closed. Changes that were lost, because there were too many, change nothing: it
// looks at all interfaces anyway.
func (w *Watch) follow() {
	defer close(w.ended)
	for {
		messages, _, err := w.socket.Receive()
		if w.ending() {
			return
		}
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			w.c.Logger.Error("interfaces are followed no longer", "error", err)
			return
		}
		var gone []int
		for _, m := range messages {
			if info := nl.DeserializeIfInfomsg(m.Data); m.Header.Type == unix.RTM_DELLINK && info.Family == unix.AF_UNSPEC {
				gone = append(gone, int(info.Index))
			}
		}
		w.update(gone)
	}
}

func (w *Watch) ending() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// update detaches from the interfaces that are gone, and attaches to those that
// are there now.
func (w *Watch) update(gone []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	all, err := list(w.handle)
	if err != nil {
		w.c.Logger.Warn("cannot follow the interfaces", "error", err)
		return
	}
	wanted := map[int]Interface{}
	for _, i := range all {
		if w.c.Selection.has(i) {
			wanted[i.Index] = i
		}
	}
	for index, a := range w.attached {
		if i, ok := wanted[index]; !ok || slices.Contains(gone, index) {
			if err := w.detach(index); err != nil && ok {
				w.c.Logger.Warn("cannot detach", "interface", a.Name, "error", err)
			}
		} else if i != a.Interface { // it has another name
			w.attached[index] = attachment{i, a.closer}
			w.changes.Add(1)
		}
	}
	for _, index := range gone {
		delete(w.refused, index)
	}
	for index, i := range wanted {
		if _, ok := w.attached[index]; !ok {
			_ = w.attach(i) // the log has it
		}
	}
}

// Interfaces returns those that lost their attachment since the last call, and
// then those that have one.
func (w *Watch) Interfaces() []Interface {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.gone
	w.gone = nil
	for _, a := range w.attached {
		all = append(all, a.Interface)
	}
	return all
}

// Changes returns a number that grows when Interfaces changes.
func (w *Watch) Changes() uint64 { return w.changes.Load() }

// Failures returns how many interfaces could not be attached to.
func (w *Watch) Failures() uint64 { return w.failures.Load() }

// Close gives up all attachments, and returns when nothing follows the interfaces
// any more.
func (w *Watch) Close() error {
	w.mu.Lock()
	w.closed = true
	var errs []error
	for index := range w.attached {
		errs = append(errs, w.detach(index))
	}
	w.mu.Unlock()
	if w.socket != nil {
		w.socket.Close()
	}
	<-w.ended
	if w.handle != nil {
		w.handle.Close()
	}
	return errors.Join(errs...)
}
