//go:build linux

package afpacket_test

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/afpacket"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// open opens a ring on an interface of a namespace.
func open(t *testing.T, n *netnstest.Namespace, dev string, c afpacket.Config) *afpacket.Ring {
	t.Helper()
	c.Interface = n.Index(t, dev)
	var r *afpacket.Ring
	n.Inside(t, func() (err error) {
		r, err = afpacket.Open(c)
		return err
	})
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// udp returns a connection from a to an address that nobody answers at.
func udp(t *testing.T, n *netnstest.Namespace, to string) net.Conn {
	t.Helper()
	var c net.Conn
	n.Inside(t, func() (err error) {
		c, err = net.Dial("udp", to)
		return err
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// sum is what a ring showed.
type sum struct {
	in, out netnstest.Traffic // packets and bytes of the stack; Rx for in, Tx for out
	tcp     uint64            // segments of TCP that went out
	last    afpacket.Frame
	data    []byte // of the last frame
}

// take reads all that a ring holds.
func (s *sum) take(r *afpacket.Ring) {
	var f afpacket.Frame
	for r.Next(&f) {
		if f.Outgoing {
			s.out.TxPackets++
			s.out.TxBytes += uint64(f.StackLen)
		} else {
			s.in.RxPackets++
			s.in.RxBytes += uint64(f.StackLen)
		}
		var p packet.Packet
		if packet.Parse(packet.LinkEthernet, f.Data, f.Len, &p); f.Outgoing && p.Proto == flow.ProtoTCP {
			s.tcp++
			if f.SegmentSize > 0 {
				s.tcp += uint64((int(p.PayloadLen)+f.SegmentSize-1)/f.SegmentSize) - 1
			}
		}
		s.last, s.data = f, append(s.data[:0], f.Data...)
	}
}

// rest stops a ring and reads what is left.
func (s *sum) rest(t *testing.T, r *afpacket.Ring) {
	t.Helper()
	require.NoError(t, r.Stop())
	netnstest.Eventually(t, func() bool {
		s.take(r)
		return !r.Waiting()
	}, "the ring is empty")
}

func TestBothDirections(t *testing.T) {
	a, b := netnstest.Pair(t)
	r := open(t, a, "va", afpacket.Config{})
	from, back := udp(t, a, "10.0.0.2:9"), udp(t, b, "10.0.0.1:9")
	payload := make([]byte, 1000)
	for range 10 {
		_, _ = from.Write(payload)
		_, _ = back.Write(payload)
	}
	var s sum
	s.rest(t, r)
	want := a.Traffic(t, "va")
	require.Equal(t, want, netnstest.Traffic{
		RxPackets: s.in.RxPackets, RxBytes: s.in.RxBytes, TxPackets: s.out.TxPackets, TxBytes: s.out.TxBytes,
	})
	require.GreaterOrEqual(t, want.TxPackets, uint64(10))
	require.Zero(t, r.Drops())
	require.InDelta(t, time.Now().UnixNano(), s.last.Time, float64(time.Hour))
}

func TestSnapLenAndOneDirection(t *testing.T) {
	a, b := netnstest.Pair(t)
	r := open(t, b, "vb", afpacket.Config{SnapLen: 64, IgnoreOutgoing: true})
	from, back := udp(t, a, "10.0.0.2:9"), udp(t, b, "10.0.0.1:9")
	for range 10 {
		_, _ = back.Write(make([]byte, 1000))
	}
	_, _ = from.Write(make([]byte, 1000))
	var s sum
	s.rest(t, r)
	require.Zero(t, s.out.TxPackets)
	require.Positive(t, s.in.RxPackets)
	require.Len(t, s.data, 64)
	require.Equal(t, 14+20+8+1000, s.last.Len)
}

// TestTagIsPutBack sends a tagged frame, whose tag the kernel takes off before
// anybody sees it.
func TestTagIsPutBack(t *testing.T) {
	a, b := netnstest.Pair(t)
	r := open(t, b, "vb", afpacket.Config{IgnoreOutgoing: true})
	for _, kind := range []uint16{unix.ETH_P_8021Q, unix.ETH_P_8021AD} {
		frame := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, byte(kind >> 8), byte(kind), 0xa0, 100, 0x08, 0x06}
		frame = append(frame, make([]byte, 46)...)
		a.Inside(t, func() error {
			fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
			if err != nil {
				return err
			}
			defer func() { _ = unix.Close(fd) }()
			return unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: a.Index(t, "va")})
		})
		var s sum
		netnstest.Eventually(t, func() bool { s.take(r); return s.in.RxPackets > 0 }, "the frame comes")
		require.Equal(t, frame, s.data)
		require.Equal(t, len(frame), s.last.Len)
		require.Equal(t, len(frame)-4, s.last.StackLen)
	}
}

// TestSegmentation compares what the frames stand for with the kernel's own count
// of segments.
func TestSegmentation(t *testing.T) {
	a, b := netnstest.Pair(t)
	server := netnstest.Iperf3(t, b)
	r := open(t, a, "va", afpacket.Config{RingBytes: 64 << 20})
	done := make(chan struct{})
	var s sum
	before := a.SegmentsOut(t)
	go func() {
		defer close(done)
		server.Run(t, a, "10.0.0.2", "-n", "200M")
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			s.take(r)
		}
	}
	s.rest(t, r)
	netnstest.Eventually(t, func() bool { s.take(r); return a.SegmentsOut(t)-before == s.tcp }, "each segment counts")
	want := a.Traffic(t, "va")
	require.Zero(t, r.Drops())
	require.Equal(t, want.TxPackets, s.out.TxPackets)
	require.Equal(t, want.TxBytes, s.out.TxBytes)
	require.Greater(t, s.tcp, s.out.TxPackets, "something was segmented")
}

// TestDropsAreCounted sends more than a ring has room for, and reads it after.
func TestDropsAreCounted(t *testing.T) {
	a, _ := netnstest.Pair(t)
	r := open(t, a, "va", afpacket.Config{RingBytes: 1})
	c := udp(t, a, "10.0.0.2:9")
	for range 20000 {
		_, _ = c.Write(make([]byte, 200))
	}
	var s sum
	s.rest(t, r)
	want := a.Traffic(t, "va")
	require.Positive(t, r.Drops())
	require.Equal(t, want.TxPackets+want.RxPackets, s.out.TxPackets+s.in.RxPackets+r.Drops())
}

func TestInterfaceThatGoes(t *testing.T) {
	a, _ := netnstest.Pair(t)
	r := open(t, a, "va", afpacket.Config{})
	c := udp(t, a, "10.0.0.2:9")
	_, _ = c.Write([]byte("x"))
	a.Run(t, "ip", "link", "del", "va")
	var s sum
	s.rest(t, r)
	require.Positive(t, s.out.TxPackets)
}

func TestMistakes(t *testing.T) {
	for text, c := range map[string]afpacket.Config{
		"no interface":                {},
		"snap length of 1 bytes":      {Interface: 1, SnapLen: 1},
		"ring of -1 bytes":            {Interface: 1, RingBytes: -1},
		"too short to retire a block": {Interface: 1, Retire: 1},
	} {
		_, err := afpacket.Open(c)
		require.ErrorContains(t, err, text)
	}
	if os.Geteuid() != 0 {
		_, err := afpacket.Open(afpacket.Config{Interface: 1})
		require.ErrorIs(t, err, unix.EPERM)
		return
	}
	_, err := afpacket.Open(afpacket.Config{Interface: 1 << 30})
	require.ErrorContains(t, err, "bind to interface 1073741824")
	require.ErrorIs(t, err, unix.ENODEV)
}

func TestNoAllocations(t *testing.T) {
	a, _ := netnstest.Pair(t)
	r := open(t, a, "va", afpacket.Config{})
	c := udp(t, a, "10.0.0.2:9")
	payload := make([]byte, 100)
	var f afpacket.Frame
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, _ = c.Write(payload)
		for r.Next(&f) {
		}
	}))
}
