//go:build linux

package attach_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/ebpf/internal/attach"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// attaching calls fn with each way to attach programs in a namespace.
func attaching(t *testing.T, n *netnstest.Namespace, fn func(t *testing.T, put func(attach.Programs, attach.Interface) (io.Closer, error))) {
	inside := func(put func(attach.Programs, attach.Interface) (io.Closer, error)) func(attach.Programs, attach.Interface) (io.Closer, error) {
		return func(p attach.Programs, i attach.Interface) (c io.Closer, err error) {
			n.Inside(t, func() error { c, err = put(p, i); return nil })
			return c, err
		}
	}
	t.Run("TCX", func(t *testing.T) {
		p, _ := counting(t)
		if err := attach.HaveTCX(p); err != nil {
			t.Skip(err)
		}
		fn(t, inside(attach.TCX))
	})
	t.Run("clsact", func(t *testing.T) {
		c := clsact(t, n)
		defer func() { require.NoError(t, c.Close()) }()
		fn(t, inside(c.Attach))
	})
}

func clsact(t *testing.T, n *netnstest.Namespace) (c *attach.Clsact) {
	t.Helper()
	n.Inside(t, func() (err error) {
		c, err = attach.NewClsact()
		return err
	})
	return c
}

// leftovers returns what is attached to the interfaces of a namespace.
func leftovers(t *testing.T, n *netnstest.Namespace, dev string) string {
	t.Helper()
	return n.Run(t, "tc", "qdisc", "show", "dev", dev, "clsact") +
		n.Run(t, "tc", "filter", "show", "dev", dev, "ingress") +
		n.Run(t, "tc", "filter", "show", "dev", dev, "egress") +
		fmt.Sprint(links(t, n, dev))
}

// links returns the programs that links attach to an interface.
func links(t *testing.T, n *netnstest.Namespace, dev string) (all []ebpf.ProgramID) {
	t.Helper()
	index := n.Index(t, dev)
	n.Inside(t, func() error {
		for _, hook := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
			r, err := link.QueryPrograms(link.QueryOptions{Target: index, Attach: hook})
			if errors.Is(err, ebpf.ErrNotSupported) {
				return nil
			}
			if err != nil {
				return err
			}
			for _, p := range r.Programs {
				all = append(all, p.ID)
			}
		}
		return nil
	})
	return all
}

func TestProgramsSeeEveryPacket(t *testing.T) {
	a, b := netnstest.Pair(t)
	attaching(t, b, func(t *testing.T, put func(attach.Programs, attach.Interface) (io.Closer, error)) {
		in, received := counting(t)
		out, sent := counting(t)
		before := leftovers(t, b, "vb")
		start := b.Traffic(t, "vb")
		vb := attach.Interface{Index: b.Index(t, "vb"), Name: "vb"}
		c, err := put(attach.Programs{Ingress: in, Egress: out}, vb)
		require.NoError(t, err)
		require.NotEqual(t, before, leftovers(t, b, "vb"))
		b.Ping(t, "10.0.0.1", 5, 56)
		a.Ping(t, "10.0.0.2", 5, 56)
		end := b.Traffic(t, "vb")
		require.Equal(t, [2]uint64{end.RxPackets - start.RxPackets, end.TxPackets - start.TxPackets}, [2]uint64{received(), sent()})
		require.GreaterOrEqual(t, received(), uint64(10))
		require.NoError(t, c.Close())
		require.Equal(t, before, leftovers(t, b, "vb"))

		one, err := put(attach.Programs{Egress: out}, vb)
		require.NoError(t, err)
		require.NoError(t, one.Close())
		require.Equal(t, before, leftovers(t, b, "vb"))
	})
}

func TestInterfaceThatIsGone(t *testing.T) {
	n := netnstest.New(t)
	attaching(t, n, func(t *testing.T, put func(attach.Programs, attach.Interface) (io.Closer, error)) {
		p, _ := counting(t)
		_, err := put(attach.Programs{Ingress: p}, attach.Interface{Index: 1 << 20, Name: "none"})
		require.Error(t, err)
		n.Run(t, "ip", "link", "add", "va", "type", "veth", "peer", "name", "vb")
		c, err := put(attach.Programs{Ingress: p, Egress: p}, attach.Interface{Index: n.Index(t, "va"), Name: "va"})
		require.NoError(t, err)
		n.Run(t, "ip", "link", "del", "va")
		require.NoError(t, c.Close())
	})
}

// TestFiltersOfOthersStay has a queueing discipline that somebody else made, with
// a filter that somebody else needs.
func TestFiltersOfOthersStay(t *testing.T) {
	_, b := netnstest.Pair(t)
	b.Run(t, "tc", "qdisc", "add", "dev", "vb", "clsact")
	accept, err := ebpf.NewProgram(accepting)
	require.NoError(t, err)
	defer func() { require.NoError(t, accept.Close()) }()
	vb := attach.Interface{Index: b.Index(t, "vb"), Name: "vb"}
	b.Inside(t, func() error {
		return netlink.FilterAdd(&netlink.BpfFilter{
			FilterAttrs: netlink.FilterAttrs{LinkIndex: vb.Index, Parent: netlink.HANDLE_MIN_INGRESS, Priority: 7, Protocol: unix.ETH_P_ALL},
			Fd:          accept.FD(), Name: "other", DirectAction: true,
		})
	})
	before := leftovers(t, b, "vb")
	c := clsact(t, b)
	p, seen := counting(t)
	b.Inside(t, func() error {
		closer, err := c.Attach(attach.Programs{Ingress: p, Egress: p}, vb)
		if err != nil {
			return err
		}
		_, _ = net.Dial("tcp", "10.0.0.1:9") // refused, by a packet that comes in
		return closer.Close()
	})
	require.GreaterOrEqual(t, seen(), uint64(2), "the other filter's verdict does not hide packets")
	require.Equal(t, before, leftovers(t, b, "vb"))
	require.NoError(t, c.Close())
}

// TestKilledProcess has a process killed that had filters, and another one live.
func TestKilledProcess(t *testing.T) {
	n := netnstest.New(t)
	n.Run(t, "ip", "link", "add", "vb", "type", "veth", "peer", "name", "vc")
	vb := attach.Interface{Index: n.Index(t, "vb"), Name: "vb"}
	p, _ := counting(t)
	clean := leftovers(t, n, "vb")
	first, second := holder(t, n), holder(t, n)
	require.NoError(t, first.Process.Kill())
	_ = first.Wait()
	both := leftovers(t, n, "vb")
	require.NotEqual(t, clean, both)

	c := clsact(t, n)
	attachAndClose := func() {
		n.Inside(t, func() error {
			closer, err := c.Attach(attach.Programs{Ingress: p}, vb)
			if err != nil {
				return err
			}
			return closer.Close()
		})
	}
	attachAndClose()
	one := leftovers(t, n, "vb")
	require.NotEqual(t, both, one, "the filters of the dead are gone")
	require.NotEqual(t, clean, one, "those of the living are not")
	attachAndClose()
	require.Equal(t, one, leftovers(t, n, "vb"))
	require.NoError(t, second.Process.Kill())
	_ = second.Wait()
	attachAndClose()
	require.Equal(t, "", n.Run(t, "tc", "filter", "show", "dev", "vb", "ingress")+n.Run(t, "tc", "filter", "show", "dev", "vb", "egress"))
	require.NoError(t, c.Close())
}

// holder starts a process that attaches to vb and waits.
func holder(t *testing.T, n *netnstest.Namespace) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childOf+"="+n.Path, childTo+"=vb")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "<nil>\n", line)
	return cmd
}
