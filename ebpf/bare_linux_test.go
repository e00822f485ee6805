package ebpf_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// TestWithoutLinkHeader counts at an interface whose frames begin with the IP
// packet, as those of tunnels do.
func TestWithoutLinkHeader(t *testing.T) {
	methods(t, func(t *testing.T, m ebpf.Option) {
		n := netnstest.New(t)
		n.Run(t, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
		tun := openTun(t, n, "tun0")
		c := start(t, ebpf.Device("tun0", m, ebpf.Namespace(n.Path)), "")
		n.Run(t, "ip", "addr", "add", "10.9.0.1/24", "dev", "tun0")
		n.Run(t, "ip", "link", "set", "tun0", "up")
		_, err := dial(t, n, "10.9.0.2:9").Write(make([]byte, 100))
		require.NoError(t, err)
		sent, err := unix.Read(tun, make([]byte, 200)) // the interface counts what was read
		require.NoError(t, err)
		require.Equal(t, 128, sent)
		in := []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 9, 0, 2, 10, 9, 0, 1, 0, 7, 0, 9, 0, 8, 0, 0}
		_, err = unix.Write(tun, in)
		require.NoError(t, err)
		got := map[string]uint64{}
		for _, r := range c.finish(n, "tun0") {
			require.True(t, r.SrcMAC.IsZero())
			require.Equal(t, uint16(flow.EtherTypeIPv4), r.EtherType)
			got[r.SrcAddr.String()] = r.Bytes
		}
		require.Equal(t, map[string]uint64{"10.9.0.1": 128, "10.9.0.2": 28}, got)
	})
}

// openTun makes an interface that the returned file is the other side of.
func openTun(t *testing.T, n *netnstest.Namespace, name string) (fd int) {
	t.Helper()
	fd = -1
	n.Inside(t, func() (err error) {
		// The interface is made where the file was opened.
		if fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err != nil {
			return nil
		}
		request, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		return unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	})
	if fd < 0 {
		t.Skip("no /dev/net/tun")
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}
