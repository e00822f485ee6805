package ebpf_test

import (
	"math"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// TestShowsAtOnce has flows come within a second of their first packet while they
// last, with the timeouts that examples/flowdump has. A loaded machine may be late
// with many of them, but not with all.
func TestShowsAtOnce(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		a, _ := netnstest.Pair(t)
		var least atomic.Int64
		least.Store(math.MaxInt64)
		opts := []ebpf.Option{m, ebpf.Namespace(a.Path), ebpf.Active(500 * time.Millisecond), ebpf.Interval(250 * time.Millisecond)}
		c := startTo(t, ebpf.Device("va", opts...), "udp and dst port 9", func(b *flow.Batch) error {
			for fl := range b.All() {
				least.Store(min(least.Load(), time.Now().UnixNano()-fl.TimeStart))
			}
			return nil
		})
		var open []net.Conn
		netnstest.Eventually(t, func() bool {
			if len(open) < 500 {
				open = append(open, dial(t, a, "10.0.0.2:9"))
			}
			for _, to := range open {
				_, _ = to.Write([]byte("more")) // refused when the other side has said so
			}
			return least.Load() <= int64(time.Second)
		}, "a flow comes within a second")
		require.Positive(t, least.Load())
		c.stop()
	})
}
