package ebpf_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// flood sends UDP packets of 60 bytes out of an interface, as many times as told
// from each of so many ports and addresses.
func flood(t testing.TB, n *netnstest.Namespace, dev string, tuples, each int) {
	t.Helper()
	frame := []byte{
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
		0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, 0, 0, 10, 0, 0, 2,
		0, 0, 0, 9, 0, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	}
	to := &unix.SockaddrLinklayer{Ifindex: n.Index(t, dev)}
	n.Inside(t, func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		for range each {
			for i := range tuples {
				binary.BigEndian.PutUint16(frame[28:], uint16(i>>15))
				binary.BigEndian.PutUint16(frame[34:], uint16(i&0x7fff+1))
				for unix.Sendto(fd, frame, 0, to) == unix.ENOBUFS {
				}
			}
		}
		return nil
	})
}

// TestMapTooSmall has many more flows than the map has room for: what overflows
// comes through the ring buffer, and what that has no room for is counted.
func TestMapTooSmall(t *testing.T) {
	for name, ring := range map[string]int{"small ring": 1 << 12, "large ring": 64 << 20} {
		t.Run(name, func(t *testing.T) {
			a, _ := netnstest.Pair(t)
			c := start(t, ebpf.Device("va", ebpf.Attach(ebpf.TCX), ebpf.Namespace(a.Path), ebpf.MapSize(1000), ebpf.RingBuffer(ring)), "")
			flood(t, a, "va", 50000, 2)
			flows := c.finish(a, "va")
			require.Positive(t, c.counters()["overflowed_packets"])
			require.Positive(t, c.counters()["early_takings_over"])
			if ring > 1<<20 {
				require.Zero(t, c.counters()["lost_packets"])
				require.GreaterOrEqual(t, len(flows), 50000)
			} else {
				require.Positive(t, c.counters()["lost_packets"])
			}
			require.Equal(t, c.counters()["lost_packets"], c.counters()["lost_wire_packets"])
		})
	}
}

// TestMillionFlows has a packet for each of a million flows, with a bound far below
// that.
func TestMillionFlows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	for _, m := range []ebpf.Method{ebpf.TCX, ebpf.AFPacket} {
		t.Run(m.String(), func(t *testing.T) {
			a, _ := netnstest.Pair(t)
			distinct := map[[2]uint16]struct{}{}
			var packets uint64
			c := startTo(t, ebpf.Device("va", ebpf.Attach(m), ebpf.Namespace(a.Path), ebpf.MaxFlows(100000), ebpf.RingBuffer(64<<20)), "", func(b *flow.Batch) error {
				for fl := range b.All() {
					distinct[[2]uint16{fl.SrcPort, binary.BigEndian.Uint16(fl.SrcAddr[14:])}] = struct{}{}
					packets += fl.Packets
				}
				return nil
			})
			flood(t, a, "va", 1e6, 1)
			c.balance(a, "va")
			require.Equal(t, c.counters()["counted_packets"], packets)
			require.Positive(t, c.counters()["evicted"])
			require.GreaterOrEqual(t, uint64(len(distinct))+c.counters()["lost_packets"], uint64(1e6))
			if m == ebpf.TCX && !raceDetector {
				require.Zero(t, c.counters()["lost_packets"])
			}
		})
	}
}

// TestSampling expects about as many packets as the rate says.
func TestSampling(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		a, _ := netnstest.Pair(t)
		c := start(t, ebpf.Device("va", m, ebpf.Namespace(a.Path), ebpf.Sampling(10)), "")
		flood(t, a, "va", 100, 200)
		for _, r := range c.finish(a, "va") {
			require.Equal(t, uint32(10), r.SamplingRate)
		}
		require.InDelta(t, 2000, c.counters()["counted_packets"], 400) // ten standard deviations are 424
	})
}

// TestPush compares a filter that the kernel applies with the same filter behind
// the source, which another stage keeps from it.
func TestPush(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		for _, expr := range []string{
			"dst port 9 and src port <100 and src address 10.1.0.0/31", "icmp or incoming or src port 7 and packets >1",
		} {
			got := map[bool][]string{}
			for _, push := range []bool{true, false} {
				a, _ := netnstest.Pair(t)
				src := ebpf.Device("va", m, ebpf.Namespace(a.Path), ebpf.RingBuffer(64<<20))
				if !push {
					src = hidden(src)
				}
				c := start(t, src, expr)
				flood(t, a, "va", 3<<15, 1)
				flood(t, a, "va", 10, 3)
				a.Ping(t, "10.0.0.2", 3, 0)
				got[push] = lines(c.balance(a, "va"), flow.FieldSrcMAC, flow.FieldDstMAC)
				require.Equal(t, push, c.counters()["filtered_packets"] > 0, expr)
			}
			require.NotEmpty(t, got[true], expr)
			require.Equal(t, got[false], got[true], expr)
		}
	})
}

// hidden returns a source that does not offer to take over a filter.
func hidden(s pipeline.Source) pipeline.Source {
	return pipeline.NewSource("ebpf, hidden", func() (pipeline.Source, error) {
		made, err := pipeline.MakeSource(s)
		return &plain{made}, err
	})
}

type plain struct{ pipeline.Source }

func (p *plain) Open(ctx context.Context, env pipeline.Env) error {
	return p.Source.(pipeline.Opener).Open(ctx, env)
}

func (p *plain) Drain(ctx context.Context, b *flow.Batch) error {
	return p.Source.(pipeline.Drainer).Drain(ctx, b)
}

func (p *plain) Close(ctx context.Context) error { return p.Source.(pipeline.Closer).Close(ctx) }

func (p *plain) String() string { return "ebpf, hidden" }

// TestStatistics compares what the kernel says of packets with what was sent.
func TestStatistics(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		a, _ := netnstest.Pair(t)
		got := map[string]uint64{}
		c := startTo(t, ebpf.Device("va", m, ebpf.Namespace(a.Path), ebpf.Statistics(), ebpf.Direction(ebpf.Egress)), "udp", func(b *flow.Batch) error {
			for fl := range b.All() {
				least, _ := b.PacketBytesMin(fl)
				most, _ := b.PacketBytesMax(fl)
				mean, _ := b.PacketBytesMean(fl)
				deviation, _ := b.PacketBytesStdDev(fl)
				headers, _ := b.HeaderBytes(fl)
				payload, _ := b.PayloadPackets(fl)
				gap, _ := b.PacketIATMax(fl)
				for name, n := range map[string]uint64{
					"min": uint64(least), "max": uint64(most), "mean": uint64(mean), "dev": uint64(deviation),
					"headers": uint64(headers), "payload": payload, "gap": gap,
				} {
					got[name] = n
				}
			}
			return nil
		})
		to := dial(t, a, "10.0.0.2:9")
		for _, size := range []int{0, 100, 200} {
			_, err := to.Write(make([]byte, size))
			if errors.Is(err, unix.ECONNREFUSED) { // what it has been told of the one before
				_, err = to.Write(make([]byte, size))
			}
			require.NoError(t, err)
			time.Sleep(2 * time.Millisecond)
		}
		c.stop()
		require.GreaterOrEqual(t, got["gap"], uint64(2*time.Millisecond))
		delete(got, "gap")
		const header = 14 + 20 + 8
		require.Equal(t, map[string]uint64{"min": header, "max": header + 200, "mean": header + 100, "dev": 82, "headers": 3 * header, "payload": 2}, got)
	})
}
