package ebpf_test

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// TestExact sends what there is and compares with the kernel's own counts: packets
// and bytes of the interface with those of the network stack, segments of TCP with
// those on the wire.
func TestExact(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		a, b := netnstest.Pair(t)
		c := start(t, ebpf.Device("va", m, ebpf.Namespace(a.Path), ebpf.RingBuffer(64<<20), ebpf.Interval(100*time.Millisecond)), "")
		netnstest.IPv6(t, a, b)
		server := netnstest.Iperf3(t, b)
		before := a.SegmentsOut(t)
		server.Run(t, a, "10.0.0.2", "-n", "100M")
		server.Run(t, a, "fd00::2", "-n", "50M")
		server.Run(t, a, "10.0.0.2", "-n", "50M", "-R")
		server.Run(t, a, "10.0.0.2", "-u", "-b", "0", "-n", "50M")
		server.Run(t, a, "10.0.0.2", "-u", "-b", "0", "-l", "4000", "-n", "20M") // in fragments
		a.Ping(t, "10.0.0.2", 20, 56)
		a.Ping(t, "fd00::2", 20, 3000)

		flows := c.finish(a, "va")
		sent := a.SegmentsOut(t) - before
		require.Zero(t, c.counters()["lost_packets"])
		segments := uint64(0)
		kinds := map[[2]uint8]int{}
		for _, r := range flows {
			if r.Proto == flow.ProtoTCP && r.Direction == flow.DirectionEgress {
				segments += r.Packets
			}
			if r.Direction == flow.DirectionEgress {
				require.Equal(t, [2]string{"", "va"}, [2]string{r.in, r.out})
			} else {
				require.Equal(t, [2]string{"va", ""}, [2]string{r.in, r.out})
			}
			if r.SrcAddr.Is4() {
				kinds[[2]uint8{4, r.Proto}]++
			} else {
				kinds[[2]uint8{6, r.Proto}]++
			}
			require.WithinDuration(t, time.Now(), time.Unix(0, r.TimeStart), time.Hour)
			require.LessOrEqual(t, r.TimeStart, r.TimeEnd)
			require.False(t, r.Proto == flow.ProtoUDP && !r.Has(flow.FieldSrcPort), "a fragment without ports")
		}
		require.Equal(t, sent, segments)
		for _, k := range [][2]uint8{{4, flow.ProtoTCP}, {6, flow.ProtoTCP}, {4, flow.ProtoUDP}, {4, flow.ProtoICMP}, {6, flow.ProtoICMPv6}} {
			require.GreaterOrEqual(t, kinds[k], 2, "IPv%d, protocol %d", k[0], k[1])
		}
	})
}

// dial returns a UDP connection in a namespace.
func dial(t *testing.T, n *netnstest.Namespace, to string) (c net.Conn) {
	t.Helper()
	n.Inside(t, func() (err error) {
		c, err = net.Dial("udp", to)
		return err
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}
