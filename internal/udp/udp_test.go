package udp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/udp"
)

func now() int64 { return time.Now().UnixNano() }

func listen(t testing.TB, c udp.Config) []*udp.Socket {
	t.Helper()
	c.Now = now
	all, err := udp.Listen(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, s := range all {
			require.NoError(t, s.Close())
		}
	})
	return all
}

// dial returns a connection to a socket over a loopback address.
func dial(t testing.TB, s *udp.Socket, ip string) *net.UDPConn {
	t.Helper()
	conn, err := net.Dial("udp", netip.AddrPortFrom(netip.MustParseAddr(ip), s.Addr().Port()).String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.UDPConn)
}

func send(t testing.TB, c *net.UDPConn, payload string) {
	t.Helper()
	_, err := c.Write([]byte(payload))
	require.NoError(t, err)
}

// receive takes n datagrams.
func receive(t testing.TB, s *udp.Socket, n int) (got []datagram.Datagram) {
	t.Helper()
	for len(got) < n {
		ds, err := s.Receive(t.Context(), time.Now().Add(10*time.Second))
		require.NoError(t, err)
		for _, d := range ds {
			d.Payload = []byte(string(d.Payload))
			got = append(got, d)
		}
	}
	require.Len(t, got, n)
	return got
}

func hasIPv6() bool {
	c, err := net.ListenPacket("udp", "[::1]:0")
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func TestBothFamilies(t *testing.T) {
	s := listen(t, udp.Config{Address: ":0"})[0]
	for _, ip := range []string{"127.0.0.1", "::1"} {
		if ip == "::1" && !hasIPv6() {
			continue
		}
		c := dial(t, s, ip)
		before := now()
		send(t, c, "hello")
		d := receive(t, s, 1)[0]
		require.Equal(t, "hello", string(d.Payload))
		require.Equal(t, c.LocalAddr().(*net.UDPAddr).AddrPort(), d.From)
		require.GreaterOrEqual(t, d.Received, before)
	}
}

func TestManyAtOnce(t *testing.T) {
	s := listen(t, udp.Config{Address: "127.0.0.1:0", Batch: 8})[0]
	c := dial(t, s, "127.0.0.1")
	for i := range 100 {
		send(t, c, fmt.Sprint(i))
	}
	for i, d := range receive(t, s, 100) {
		require.Equal(t, fmt.Sprint(i), string(d.Payload))
	}
	require.EqualValues(t, 100, s.Counts().Datagrams)
	require.EqualValues(t, 10+2*90, s.Counts().Bytes)
}

func TestDeadlineAndContext(t *testing.T) {
	s := listen(t, udp.Config{Address: "127.0.0.1:0"})[0]
	_, err := s.Receive(t.Context(), time.Now().Add(time.Millisecond))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = s.Receive(t.Context(), time.Time{})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = s.Receive(ctx, time.Now().Add(time.Hour))
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Receive(ctx, time.Now().Add(time.Hour))
	require.ErrorIs(t, err, context.Canceled)

	send(t, dial(t, s, "127.0.0.1"), "x")
	receive(t, s, 1) // another context does not know

	_, err = s.Receive(t.Context(), time.Now().Add(-time.Hour))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestPoll(t *testing.T) {
	if runtime.GOOS != "linux" {
		return
	}
	s := listen(t, udp.Config{Address: "127.0.0.1:0"})[0]
	send(t, dial(t, s, "127.0.0.1"), "x")
	require.Eventually(t, func() bool {
		ds, err := s.Receive(t.Context(), time.Time{})
		return err == nil && len(ds) == 1
	}, 10*time.Second, time.Millisecond)
}

func TestCloseWakes(t *testing.T) {
	s := listen(t, udp.Config{Address: "127.0.0.1:0"})[0]
	time.AfterFunc(10*time.Millisecond, func() { _ = s.Close() })
	_, err := s.Receive(t.Context(), time.Now().Add(time.Hour))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = s.Receive(t.Context(), time.Time{})
	require.Error(t, err)
	require.Zero(t, s.Counts().KernelDrops)
}

func TestAllow(t *testing.T) {
	s := listen(t, udp.Config{Address: ":0", Allow: []netip.Prefix{
		netip.MustParsePrefix("::ffff:127.0.0.0/104"), netip.MustParsePrefix("2001:db8::/32"),
	}})[0]
	if hasIPv6() {
		send(t, dial(t, s, "::1"), "no")
	}
	send(t, dial(t, s, "127.0.0.1"), "yes")
	require.Equal(t, "yes", string(receive(t, s, 1)[0].Payload))
	if hasIPv6() {
		require.EqualValues(t, 1, s.Counts().Refused)
	}
	none := listen(t, udp.Config{Address: "127.0.0.1:0", Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})[0]
	send(t, dial(t, none, "127.0.0.1"), "no")
	_, err := none.Receive(t.Context(), time.Now().Add(50*time.Millisecond))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Equal(t, uint64(1), none.Counts().Refused)
}

func TestTruncated(t *testing.T) {
	s := listen(t, udp.Config{Address: "127.0.0.1:0", MaxDatagram: 64})[0]
	c := dial(t, s, "127.0.0.1")
	send(t, c, string(make([]byte, 64)))
	send(t, c, string(make([]byte, 65)))
	send(t, c, "")
	got := receive(t, s, 3)
	require.Equal(t, []int{64, 64, 0}, []int{len(got[0].Payload), len(got[1].Payload), len(got[2].Payload)})
	require.EqualValues(t, 1, s.Counts().Truncated)

	big := listen(t, udp.Config{Address: "127.0.0.1:0"})[0]
	send(t, dial(t, big, "127.0.0.1"), string(make([]byte, 65507)))
	require.Len(t, receive(t, big, 1)[0].Payload, 65507)
}

// TestShared has several sockets on one port: every sender stays with one of
// them, and nothing is lost.
func TestShared(t *testing.T) {
	all := listen(t, udp.Config{Address: "127.0.0.1:0", Sockets: 4})
	if runtime.GOOS != "linux" {
		require.Len(t, all, 1)
		return
	}
	require.Len(t, all, 4)
	const senders, each = 32, 20
	for i := range senders {
		c := dial(t, all[0], "127.0.0.1")
		for range each {
			send(t, c, fmt.Sprint(i))
		}
	}
	by := map[string]int{}
	total := 0
	used := 0
	for i, s := range all {
		before := total
		for {
			ds, err := s.Receive(t.Context(), time.Now().Add(50*time.Millisecond))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			require.NoError(t, err)
			for _, d := range ds {
				at, seen := by[string(d.Payload)]
				require.True(t, !seen || at == i)
				by[string(d.Payload)] = i
				total++
			}
		}
		if total > before {
			used++
		}
	}
	require.Equal(t, senders*each, total)
	require.Greater(t, used, 1)
}

// TestOverload sends more than anybody takes: what the kernel had to drop is
// known exactly.
func TestOverload(t *testing.T) {
	if runtime.GOOS != "linux" {
		return
	}
	s := listen(t, udp.Config{Address: "127.0.0.1:0", Buffer: 32 << 10})[0]
	require.Less(t, s.ReceiveBuffer(), 1<<20)
	c := dial(t, s, "127.0.0.1")
	const sent = 3000
	payload := string(make([]byte, 500))
	for range sent {
		send(t, c, payload)
	}
	got := 0
	for {
		ds, err := s.Receive(t.Context(), time.Now().Add(100*time.Millisecond))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		require.NoError(t, err)
		got += len(ds)
	}
	require.Less(t, got, sent)
	require.EqualValues(t, sent, uint64(got)+s.Counts().KernelDrops)
	require.NoError(t, s.Close())
	require.EqualValues(t, sent, uint64(got)+s.Counts().KernelDrops)
}

func TestMistakes(t *testing.T) {
	for _, c := range []udp.Config{
		{Address: "nonsense"},
		{Address: ":0", Sockets: -1},
		{Address: ":0", Buffer: -1},
		{Address: ":0", Batch: -1},
		{Address: ":0", MaxDatagram: 1},
		{Address: ":0", Allow: make([]netip.Prefix, 1)},
	} {
		c.Now = now
		_, err := udp.Listen(t.Context(), c)
		require.Error(t, err)
	}
	s := listen(t, udp.Config{Address: "127.0.0.1:0"})[0]
	_, err := udp.Listen(t.Context(), udp.Config{Address: s.Addr().String(), Now: now})
	require.Error(t, err, "in use")
}

func TestNoAllocations(t *testing.T) {
	if runtime.GOOS != "linux" {
		return
	}
	s := listen(t, udp.Config{Address: "127.0.0.1:0"})[0]
	c := dial(t, s, "127.0.0.1")
	p := make([]byte, 100)
	deadline := time.Now().Add(time.Minute)
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, _ = c.Write(p)
		_, _ = s.Receive(ctx, deadline)
	}))
}

// TestMulticast joins groups on the loopback interface, and has several sockets
// wanted, of which there is one.
func TestMulticast(t *testing.T) {
	lo := loopback(t)
	joined := func() string {
		groups, err := lo.MulticastAddrs()
		require.NoError(t, err)
		return fmt.Sprint(groups)
	}
	for group, own := range map[string]string{"239.255.18.7:0": "127.0.0.1", "[ff02::1:8a3]:0": "::1"} {
		if own == "::1" && !hasIPv6() {
			continue
		}
		all := listen(t, udp.Config{Address: group, Interface: lo.Name, Sockets: 4})
		require.Len(t, all, 1)
		require.Contains(t, joined(), netip.MustParseAddrPort(group).Addr().String())
		to := netip.AddrPortFrom(netip.MustParseAddrPort(group).Addr(), all[0].Addr().Port())
		if to.Addr().Is6() {
			to = netip.AddrPortFrom(to.Addr().WithZone(lo.Name), to.Port())
		}
		from := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(own), 0))
		c, err := net.DialUDP("udp", from, net.UDPAddrFromAddrPort(to))
		if errors.Is(err, syscall.ENETUNREACH) && own == "::1" {
			continue // Linux has no way to groups of IPv6 on the loopback interface
		}
		require.NoError(t, err, group)
		send(t, c, "hello")
		d := receive(t, all[0], 1)[0]
		require.Equal(t, "hello", string(d.Payload))
		require.Equal(t, own, d.From.Addr().String())
		require.NoError(t, c.Close())
	}
	_, err := udp.Listen(t.Context(), udp.Config{Address: "239.255.18.7:0", Interface: "no such", Now: now})
	require.ErrorContains(t, err, "239.255.18.7:0")
	_, err = udp.Listen(t.Context(), udp.Config{Address: "[ff02::1:8a3%none]:0", Now: now})
	require.ErrorContains(t, err, "no such network interface")
}

// loopback returns the loopback interface.
func loopback(t *testing.T) *net.Interface {
	t.Helper()
	all, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return &i
		}
	}
	t.Skip("no loopback interface")
	return nil
}

// TestJoin has one receiver for two ports.
func TestJoin(t *testing.T) {
	a, b := listen(t, udp.Config{Address: "127.0.0.1:0"})[0], listen(t, udp.Config{Address: "127.0.0.1:0"})[0]
	j := datagram.Join(a, b)
	defer j.Close()
	ca, cb := dial(t, a, "127.0.0.1"), dial(t, b, "127.0.0.1")
	const each = 200
	for range each {
		send(t, ca, "a")
		send(t, cb, "b")
	}
	got := map[string]int{}
	for got["a"]+got["b"] < 2*each {
		ds, err := j.Receive(t.Context(), time.Now().Add(10*time.Second))
		require.NoError(t, err)
		for _, d := range ds {
			got[string(d.Payload)]++
		}
	}
	require.Equal(t, map[string]int{"a": each, "b": each}, got)
	_, err := j.Receive(t.Context(), time.Time{})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = j.Receive(t.Context(), time.Now().Add(time.Millisecond))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = j.Receive(ctx, time.Now().Add(time.Hour))
	require.ErrorIs(t, err, context.Canceled)

	send(t, ca, "late")
	require.Eventually(t, func() bool { return a.Counts().Datagrams == each+1 }, 10*time.Second, time.Millisecond)
	j.Close()
	require.EqualValues(t, 1, j.Abandoned())
}
