//go:build linux

package netnstest

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Ping sends echo requests with so much data to an address, and waits for the
// answer to each.
func (n *Namespace) Ping(t testing.TB, to string, count, size int) {
	t.Helper()
	network, request, answer := "ip4:icmp", byte(8), byte(0)
	if netip.MustParseAddr(to).Is6() {
		network, request, answer = "ip6:ipv6-icmp", 128, 129
	}
	var c net.Conn
	n.Inside(t, func() (err error) {
		c, err = net.Dial(network, to)
		return err
	})
	defer func() { _ = c.Close() }()
	require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	message := make([]byte, 8+size)
	message[0] = request
	buffer := make([]byte, 60+len(message)) // with an IP header, for a while
	for i := range count {
		binary.BigEndian.PutUint16(message[6:], uint16(i))
		binary.BigEndian.PutUint16(message[2:], 0)
		binary.BigEndian.PutUint16(message[2:], checksum(message)) // the kernel makes that of IPv6
		_, err := c.Write(message)
		require.NoError(t, err)
		for answered := false; !answered; {
			m, _, err := c.(*net.IPConn).ReadFromIP(buffer) // without the IP header
			require.NoError(t, err, "echo reply %d of %s", i, to)
			answered = m >= 8 && buffer[0] == answer && int(binary.BigEndian.Uint16(buffer[6:])) == i
		}
	}
}

// checksum is that of RFC 1071.
func checksum(p []byte) uint16 {
	sum := uint32(0)
	for ; len(p) >= 2; p = p[2:] {
		sum += uint32(binary.BigEndian.Uint16(p))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
