//go:build linux

package attach

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// Programs are what is attached to an interface; nil for nothing.
type Programs struct {
	Ingress, Egress *ebpf.Program
}

// closers closes all of what it holds, the last first.
type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		errs = append(errs, c[i].Close())
	}
	return errors.Join(errs...)
}

// TCX attaches programs by links (since Linux 6.6), in front of all others, so
// that no other program's verdict hides a packet. What it returns detaches them; so
// does the kernel when the process ends.
func TCX(p Programs, i Interface) (io.Closer, error) {
	var links closers
	for _, half := range []struct {
		name    string
		program *ebpf.Program
		hook    ebpf.AttachType
	}{
		{"ingress", p.Ingress, ebpf.AttachTCXIngress},
		{"egress", p.Egress, ebpf.AttachTCXEgress},
	} {
		if half.program == nil {
			continue
		}
		l, err := link.AttachTCX(link.TCXOptions{Interface: i.Index, Program: half.program, Attach: half.hook, Anchor: link.Head()})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s by TCX: %w", half.name, err), links.Close())
		}
		links = append(links, l)
	}
	return links, nil
}

// HaveTCX returns an error that wraps ebpf.ErrNotSupported when the kernel has no
// TCX. It tries, with an interface that there is not.
func HaveTCX(p *ebpf.Program) error {
	l, err := link.AttachTCX(link.TCXOptions{Interface: math.MaxInt32, Program: p, Attach: ebpf.AttachTCXIngress})
	if err == nil {
		return l.Close()
	}
	if errors.Is(err, ebpf.ErrNotSupported) {
		return err
	}
	return nil
}
