//go:build linux

package kernel

import (
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
)

// attribution returns maps as the programs for sockets fill them.
func attribution(t testing.TB) *Attribution {
	t.Helper()
	spec, err := bpf.LoadSockets()
	require.NoError(t, err)
	a := new(Attribution)
	for name, m := range map[string]**ebpf.Map{bpf.SocketsMapSockets: &a.Sockets, bpf.SocketsMapOwners: &a.Owners, bpf.SocketsMapChanges: &a.Changes} {
		*m, err = ebpf.NewMap(spec.Maps[name])
		if err != nil && len(missingCapabilities()) > 0 {
			t.Skip(err)
		}
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, (*m).Close()) })
	}
	return a
}

// listener opens a socket at the loopback interface and notes its owner. It returns
// the frame of a packet to it: one with SYN in TCP.
func listener(t testing.TB, a *Attribution, kind int) (frame []byte, cookie uint64) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Close(fd)) })
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	frame = udp60()
	if kind == unix.SOCK_STREAM {
		require.NoError(t, unix.Listen(fd, 1))
		frame = tcp(0x02, 6)
	}
	at, err := unix.Getsockname(fd)
	require.NoError(t, err)
	copy(frame, make([]byte, 6)) // to the interface's own address
	copy(frame[26:], net.IPv4(127, 0, 0, 1).To4())
	copy(frame[30:], net.IPv4(127, 0, 0, 1).To4())
	binary.BigEndian.PutUint16(frame[36:], uint16(at.(*unix.SockaddrInet4).Port))
	cookie, err = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	require.NoError(t, err)
	require.NoError(t, a.Sockets.Put(int32(fd), &bpf.SocketsOwner{Cookie: cookie, Pid: 1}))
	return frame, cookie
}

// TestAttribution looks for the sockets that packets go to, also of those for which
// the map has no room.
func TestAttribution(t *testing.T) {
	for _, statistics := range []bool{false, true} {
		a := attribution(t)
		table := open(t, Config{MaxFlows: 1, Attribution: a, Statistics: statistics})
		want := map[uint8][]uint64{}
		for proto, kind := range map[uint8]int{17: unix.SOCK_DGRAM, 6: unix.SOCK_STREAM} {
			frame, cookie := listener(t, a, kind)
			run(t, table.Ingress(), frame)
			want[proto] = []uint64{cookie}
		}
		got := map[uint8][]uint64{}
		var e Entry
		kind, err := table.Event(time.Unix(1, 0), &e)
		require.NoError(t, err)
		for ok := kind == Packet; ok; {
			got[e.Key.Proto] = append([]uint64{}, e.Sockets.Cookies()...)
			require.True(t, e.Sockets.Wildcard)
			require.False(t, e.Sockets.More)
			if len(got) == 1 {
				require.NoError(t, table.Swap())
			}
			ok, err = table.Next(&e)
			require.NoError(t, err)
		}
		require.Equal(t, want, got)
	}
}

// TestSocketsOfAFlow adds up what CPUs saw.
func TestSocketsOfAFlow(t *testing.T) {
	var s Sockets
	for _, cpu := range [][]uint64{{0, 0, 0}, {7, 0, 0}, {8, 7, 0}} {
		s.add(cpu)
	}
	require.Equal(t, []uint64{7, 8}, s.Cookies())
	require.False(t, s.More)
	s.add([]uint64{9, 10, 0})
	require.False(t, s.More)
	s.add([]uint64{11, 0, 0})
	require.Equal(t, []uint64{7, 8, 9, 10}, s.Cookies())
	require.True(t, s.More)
}

// BenchmarkAttribution tells the nanoseconds for a packet with and without the
// attribution to sockets: one of a flow that is known, and one that opens a
// connection, whose socket is looked up.
func BenchmarkAttribution(b *testing.B) {
	a := attribution(b)
	without, with := open(b, Config{}), open(b, Config{Attribution: a})
	datagram, _ := listener(b, a, unix.SOCK_DGRAM)
	syn, _ := listener(b, a, unix.SOCK_STREAM)
	echo := udp60()
	copy(echo[23:], []byte{1})          // ICMP
	copy(echo[34:], []byte{8, 0, 0, 0}) // what a test runs out has a socket without ports
	for _, f := range []struct {
		name    string
		egress  bool
		packets []byte
	}{{"UDP in", false, datagram}, {"ICMP out", true, echo}, {"TCP in", false, tcp(0x10, 1460)}, {"TCP SYN in", false, syn}} {
		b.Run(f.name, func(b *testing.B) {
			var costs [2][]float64
			for b.Loop() {
				for i, t := range []*Table{without, with} {
					p := t.Ingress()
					if f.egress {
						p = t.Egress()
					}
					costs[i] = append(costs[i], cost(b, p, f.packets, 1))
				}
			}
			b.ReportMetric(median(costs[0]), "ns/without")
			b.ReportMetric(median(costs[1]), "ns/with")
			b.ReportMetric(0, "ns/op")
		})
	}
}
