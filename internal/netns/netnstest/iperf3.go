//go:build linux

package netnstest

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Server is an iperf3 that runs in a namespace.
type Server struct{}

// Iperf3 starts a server in a namespace, for each of both families.
func Iperf3(t testing.TB, n *Namespace) Server {
	t.Helper()
	n.Start(t, "iperf3", "-s")
	Eventually(t, func() bool {
		ok := false
		n.Inside(t, func() error {
			c, err := net.Dial("tcp", "127.0.0.1:5201")
			if err == nil {
				ok = true
				_ = c.Close()
			}
			return nil
		})
		return ok
	}, "iperf3 listens")
	return Server{}
}

// Run has a client in a namespace send to an address.
func (Server) Run(t testing.TB, from *Namespace, to string, args ...string) {
	t.Helper()
	from.Run(t, "iperf3", append([]string{"-c", to}, args...)...)
}

// SegmentsOut returns how many TCP segments a namespace has sent, those that it
// had to send again included (OutSegs and RetransSegs of RFC 4022).
func (n *Namespace) SegmentsOut(t testing.TB) uint64 {
	t.Helper()
	return n.tcp(t, "OutSegs", "RetransSegs")
}

// Retransmitted returns how many TCP segments a namespace had to send again.
func (n *Namespace) Retransmitted(t testing.TB) uint64 {
	t.Helper()
	return n.tcp(t, "RetransSegs")
}

// tcp returns the sum of counters of RFC 4022.
func (n *Namespace) tcp(t testing.TB, counters ...string) uint64 {
	t.Helper()
	var names []string
	for line := range strings.Lines(n.Run(t, "cat", "/proc/thread-self/net/snmp")) {
		fields := strings.Fields(line)
		switch {
		case fields[0] != "Tcp:":
		case names == nil:
			names = fields
		default:
			total := uint64(0)
			for i, name := range names {
				if slices.Contains(counters, name) {
					v, err := strconv.ParseUint(fields[i], 10, 64)
					require.NoError(t, err)
					total += v
				}
			}
			return total
		}
	}
	t.Fatal("no TCP in /proc/net/snmp")
	return 0
}
