//go:build linux

package attach

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// owner holds a name for as long as the process lives: an abstract socket of that
// name (unix(7)) in the network namespace, which the kernel closes whatever ends
// the process.
type owner struct {
	name string
	fd   int
}

func newOwner(name string) (owner, error) {
	fd, err := claim(name)
	if err != nil {
		return owner{}, fmt.Errorf("name %s: %w", name, err)
	}
	return owner{name, fd}, nil
}

func claim(name string) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: "@" + name}); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// alive reports whether somebody in the network namespace of the calling thread
// holds a name. When that cannot be told, somebody does.
func alive(name string) bool {
	fd, err := claim(name)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err != nil
}

func (o owner) Close() error { return unix.Close(o.fd) }
