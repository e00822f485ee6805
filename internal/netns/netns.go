//go:build linux

package netns

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// named is where ip-netns(8) keeps namespaces by their names.
const named = "/run/netns"

// Namespace is a network namespace that is held open. It may be used
// concurrently.
type Namespace struct {
	name string
	file *os.File // nil for that of the process
}

// Open opens a namespace: one that ip-netns(8) named, or the file of one when the
// name has a slash in it. The empty name is that of the process.
func Open(name string) (*Namespace, error) {
	n := &Namespace{name: name}
	if name == "" {
		return n, nil
	}
	path := name
	if !strings.Contains(name, "/") {
		path = filepath.Join(named, name)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("network namespace %s: %w", name, err)
	}
	n.file = file
	return n, nil
}

// New makes an empty namespace, which ends with what holds it open. The path names
// it to Open, in this process and its children, until it is closed. It needs
// CAP_SYS_ADMIN.
func New() (n *Namespace, path string, err error) {
	made := make(chan error, 1)
	var file *os.File
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends here
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			file, err = os.Open("/proc/thread-self/ns/net")
		}
		made <- err
	}()
	if err := <-made; err != nil {
		return nil, "", fmt.Errorf("new network namespace: %w", err)
	}
	path = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), file.Fd())
	return &Namespace{name: path, file: file}, path, nil
}

// Do runs fn on a thread that is in the namespace. What fn opens stays there.
// It needs CAP_SYS_ADMIN, unless the namespace is that of the process.
func (n *Namespace) Do(fn func() error) error {
	if n.file == nil {
		return fn()
	}
	done := make(chan error, 1)
	go func() { done <- n.enter(fn) }()
	return <-done
}

// enter runs fn on the goroutine's own thread. A thread that does not find back is
// not used again: it ends with the goroutine.
func (n *Namespace) enter(fn func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("network namespace of the thread: %w", err)
	}
	defer home.Close()
	if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter network namespace %s: %w", n.name, err)
	}
	defer func() {
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	}()
	return fn()
}

// Close lets go of the namespace.
func (n *Namespace) Close() error {
	if n.file == nil {
		return nil
	}
	return n.file.Close()
}
