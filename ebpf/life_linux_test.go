package ebpf_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf/link"
	"github.com/stretchr/testify/require"

	cilium "github.com/cilium/ebpf"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
	"github.com/flowpipeline/pipeline/sink"
)

// attached returns what is attached to an interface, and what of the kernel's
// this process holds.
func attached(t *testing.T, n *netnstest.Namespace, dev string) (all []string) {
	t.Helper()
	for _, args := range []string{"qdisc show dev %s clsact", "filter show dev %s ingress", "filter show dev %s egress"} {
		if out := n.Run(t, "tc", strings.Fields(strings.ReplaceAll(args, "%s", dev))...); out != "" {
			all = append(all, out)
		}
	}
	index := n.Index(t, dev)
	n.Inside(t, func() error {
		for _, hook := range []cilium.AttachType{cilium.AttachTCXIngress, cilium.AttachTCXEgress} {
			r, err := link.QueryPrograms(link.QueryOptions{Target: index, Attach: hook})
			if errors.Is(err, cilium.ErrNotSupported) {
				return nil
			}
			if err != nil {
				return err
			}
			for range r.Programs {
				all = append(all, hook.String())
			}
		}
		return nil
	})
	files, err := filepath.Glob("/proc/self/fd/*")
	require.NoError(t, err)
	for _, f := range files {
		to, err := os.Readlink(f)
		if err == nil && (strings.Contains(to, "bpf") || strings.HasPrefix(to, "socket:")) {
			all = append(all, to)
		}
	}
	return all
}

// TestNothingIsLeft ends runs in every way.
func TestNothingIsLeft(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		a, b := netnstest.Pair(t)
		c := start(t, ebpf.Device("va", m, ebpf.Namespace(a.Path)), "")
		require.NotEmpty(t, attached(t, a, "va"))
		a.Ping(t, "10.0.0.2", 1, 0)
		c.finish(a, "va")
		require.Empty(t, attached(t, a, "va"))
		a.Run(t, "ip", "link", "set", "va", "up")

		failed := errors.New("failed")
		for name, write := range map[string]func(*flow.Batch) error{
			"a panic":  func(*flow.Batch) error { panic("in a sink") },
			"an error": func(*flow.Batch) error { return failed },
		} {
			src := ebpf.Device("vb", m, ebpf.Namespace(b.Path), ebpf.Interval(10*time.Millisecond), ebpf.Active(10*time.Millisecond))
			pl, err := pipeline.From(src).To(sink.Func("fails", write)).Build(pipeline.WithLatency(time.Millisecond))
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { done <- pl.Run(t.Context()) }()
			c := dial(t, a, "10.0.0.2:9")
			netnstest.Eventually(t, func() bool {
				_, _ = c.Write([]byte("x"))
				return len(done) > 0
			}, "the sink fails")
			require.Error(t, <-done, name)
			require.NoError(t, c.Close())
			require.Empty(t, attached(t, b, "vb"), name)
		}
	})
}

// TestCancelledRunDelivers stops a run right after packets passed, long before the
// kernel's counts are taken over.
func TestCancelledRunDelivers(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		a, _ := netnstest.Pair(t)
		for _, size := range []int{1, 512} {
			c := start(t, ebpf.Device("va", m, ebpf.Namespace(a.Path), ebpf.Interval(2*time.Second)), "icmp", pipeline.WithBatchSize(size))
			a.Ping(t, "10.0.0.2", 10, 100)
			var packets uint64
			for _, r := range c.stop() {
				packets += r.Packets
			}
			require.Equal(t, uint64(20), packets)
		}
	})
}

func TestInterfacesComeAndGo(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		n := netnstest.New(t)
		peer := netnstest.New(t)
		log := &logged{}
		c := start(t, ebpf.Device("v?", m, ebpf.Namespace(n.Path), ebpf.Interval(20*time.Millisecond), ebpf.Inactive(50*time.Millisecond)), "icmp", log.option())
		appear := func(dev string) {
			for _, ns := range []*netnstest.Namespace{n, peer} {
				ns.Run(t, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
			}
			before := strings.Count(log.String(), "msg=attached")
			n.Run(t, "ip", "link", "add", dev, "type", "veth", "peer", "name", "peer", "netns", peer.Path)
			n.Run(t, "ip", "addr", "add", "10.0.0.1/24", "dev", dev)
			peer.Run(t, "ip", "addr", "add", "10.0.0.2/24", "dev", "peer")
			netnstest.Eventually(t, func() bool { return strings.Count(log.String(), "msg=attached") > before }, "it is attached to")
			n.Run(t, "ip", "link", "set", dev, "up")
			peer.Run(t, "ip", "link", "set", "peer", "up")
		}
		for i, dev := range []string{"v0", "v1", "v0"} {
			appear(dev)
			n.Ping(t, "10.0.0.2", 3, 0)
			n.Run(t, "ip", "link", "set", dev, "down")
			n.Run(t, "ip", "link", "set", dev, "up")
			n.Ping(t, "10.0.0.2", 3, 0)
			n.Run(t, "ip", "link", "del", dev)
			netnstest.Eventually(t, func() bool {
				return c.seen(func(r *record) bool { return r.out == dev || r.in == dev }) >= 2
			}, dev)
			require.Equal(t, i+1, strings.Count(log.String(), "msg=attached"))
		}
		var packets uint64
		for _, r := range c.stop() {
			packets += r.Packets
		}
		require.Equal(t, uint64(3*2*2*3), packets)
		require.Zero(t, c.counters()["failed_interfaces"])
	})
}

func TestAwait(t *testing.T) {
	n := netnstest.New(t)
	_, err := run(t, ebpf.Device("eth7", ebpf.Namespace(n.Path)))
	if missing(err) {
		t.Skip(err)
	}
	require.EqualError(t, err, "ebpf(eth7): open: no interface eth7; there are lo")
	c := start(t, ebpf.Device("eth7", ebpf.Namespace(n.Path), ebpf.Await(), ebpf.Interval(20*time.Millisecond)), "")
	n.Run(t, "ip", "link", "add", "eth7", "type", "veth", "peer", "name", "eth8")
	n.Run(t, "ip", "link", "set", "eth8", "up")
	n.Run(t, "ip", "link", "set", "eth7", "up")
	netnstest.Eventually(t, func() bool {
		flood(t, n, "eth7", 1, 1)
		return c.counters()["counted_packets"] > 0
	}, "the interface counts")
	c.stop()
}

// run runs a source that is expected to fail.
func run(t *testing.T, src pipeline.Source) (pipeline.Stats, error) {
	t.Helper()
	pl, err := pipeline.From(src).To(sink.Discard()).Build()
	require.NoError(t, err)
	err = pl.Run(t.Context())
	return pl.Stats(), err
}
