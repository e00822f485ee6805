package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

// rig is a listener with lanes.
type rig struct {
	*Listener
	t     testing.TB
	lanes []*datagram.Joined
	log   *logs
}

// logs keeps log lines.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func serve(t testing.TB, lanes int, c Config) *rig {
	t.Helper()
	r := &rig{t: t, log: &logs{}}
	if len(c.Addresses) == 0 {
		c.Addresses = []Address{{HostPort: "127.0.0.1:0", TLS: c.TLS != nil}}
	}
	c.Now = func() int64 { return 1000 } // it stands
	c.Logger = slog.New(slog.NewTextHandler(r.log, nil))
	var err error
	r.Listener, err = Listen(t.Context(), c)
	require.NoError(t, err)
	for range lanes {
		r.lanes = append(r.lanes, datagram.Join())
	}
	r.Serve(r.lanes)
	t.Cleanup(r.close)
	return r
}

func (r *rig) close() {
	for _, l := range r.lanes {
		l.Close()
	}
	r.Close()
}

func (r *rig) dial() *net.TCPConn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.Addrs()[0].String())
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// refused has a connection reset, maybe before it can be used.
func (r *rig) refused() {
	r.t.Helper()
	c, err := net.Dial("tcp", r.Addrs()[0].String())
	if err != nil {
		require.ErrorIs(r.t, err, syscall.ECONNRESET)
		return
	}
	defer func() { _ = c.Close() }()
	closed(r.t, c)
}

// receive takes n messages and ends of a lane.
func (r *rig) receive(lane, n int) (got []datagram.Datagram) {
	r.t.Helper()
	for len(got) < n {
		ds, err := r.lanes[lane].Receive(r.t.Context(), time.Now().Add(10*time.Second))
		require.NoError(r.t, err)
		for _, d := range ds {
			d.Payload = bytes.Clone(d.Payload)
			got = append(got, d)
		}
	}
	require.Len(r.t, got, n)
	return got
}

// quiet has nothing come to the first lane.
func (r *rig) quiet() {
	r.t.Helper()
	ds, err := r.lanes[0].Receive(r.t.Context(), time.Now().Add(20*time.Millisecond))
	require.ErrorIs(r.t, err, os.ErrDeadlineExceeded, ds)
}

// rest takes what comes until all connections have ended, and counts.
func (r *rig) rest() (messages, ends, bytes int) {
	r.t.Helper()
	for _, lane := range r.lanes {
		for lane.Live() > 0 {
			ds, err := lane.Receive(r.t.Context(), time.Now().Add(time.Millisecond))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				continue
			}
			require.NoError(r.t, err)
			messages += datagram.Count(ds)
			ends += len(ds) - datagram.Count(ds)
			for i := range ds {
				bytes += len(ds[i].Payload)
			}
		}
	}
	return messages, ends, bytes
}

func (r *rig) waitFor(what func(Counts) bool) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return what(r.Counts()) }, 10*time.Second, time.Millisecond)
}

// open returns how many connections there are.
func (r *rig) open() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}

func write(t testing.TB, c io.Writer, p []byte) {
	t.Helper()
	_, err := c.Write(p)
	require.NoError(t, err)
}

// closed waits until the other side has closed a connection.
func closed(t testing.TB, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err := c.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

// payloads are messages of many sizes, that tell their number.
func payloads(n int) (all [][]byte) {
	for i := range n {
		m := message(20 + i*i*37%4000)
		m[19] = byte(i)
		all = append(all, m)
	}
	return append(all, message(16), message(65535), message(16))
}

func same(t testing.TB, want [][]byte, got []datagram.Datagram) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.True(t, bytes.Equal(want[i], got[i].Payload), i)
	}
}

func TestHoweverItIsWritten(t *testing.T) {
	all := payloads(30)
	stream := bytes.Join(all, nil)
	for name, size := range map[string]int{"byte by byte": 1, "in pieces": 1000, "at once": len(stream)} {
		r := serve(t, 1, Config{})
		c := r.dial()
		go func() {
			defer func() { _ = c.Close() }()
			for p := range slices.Chunk(stream, size) {
				if _, err := c.Write(p); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		got := r.receive(0, len(all)+1)
		same(t, all, got[:len(all)])
		for _, d := range got {
			require.Equal(t, c.LocalAddr().(*net.TCPAddr).AddrPort(), d.From)
			require.EqualValues(t, 1000, d.Received)
			require.EqualValues(t, 1000, d.Session)
		}
		require.True(t, got[len(all)].Ends(), name)
		require.Equal(t, Counts{Connections: 1}, r.Counts())
		require.Empty(t, r.log.String())
	}
}

func TestEachConnectionIsASession(t *testing.T) {
	r := serve(t, 1, Config{})
	seen := map[int64]bool{}
	for range 5 {
		c := r.dial()
		write(t, c, message(16))
		require.NoError(t, c.Close())
		got := r.receive(0, 2)
		require.True(t, got[1].Ends())
		require.Equal(t, got[0].Session, got[1].Session)
		seen[got[0].Session] = true
	}
	require.Len(t, seen, 5)
}

func TestEndWithinAMessage(t *testing.T) {
	r := serve(t, 1, Config{})
	c := r.dial()
	write(t, c, append(message(100), message(100)[:70]...))
	require.NoError(t, c.Close())
	got := r.receive(0, 2)
	require.Len(t, got[0].Payload, 100)
	require.True(t, got[1].Ends())
	require.Equal(t, Counts{Connections: 1, Failed: 1, Abandoned: 70}, r.Counts())
	require.Contains(t, r.log.String(), "70 bytes of a message: unexpected EOF")
	require.Contains(t, r.log.String(), "exporter="+c.LocalAddr().String())
}

func TestABrokenConnectionEndsAlone(t *testing.T) {
	r := serve(t, 1, Config{})
	good := r.dial()
	write(t, good, message(16))
	r.receive(0, 1)

	bad := r.dial()
	write(t, bad, []byte("GET / HTTP/1.1\r\n\r\n"))
	closed(t, bad)
	r.quiet() // the lane never knew it

	late := r.dial()
	write(t, late, append(message(16), 0, 9, 0, 20))
	got := r.receive(0, 2)
	require.Len(t, got[0].Payload, 16)
	require.True(t, got[1].Ends())
	closed(t, late)

	write(t, good, message(17))
	require.Len(t, r.receive(0, 1)[0].Payload, 17)
	require.Equal(t, Counts{Connections: 3, Broken: 2, Abandoned: 18 + 4}, r.Counts())
	log := r.log.String()
	require.Contains(t, log, "byte 0: version 18245 is not 10")
	require.Contains(t, log, "exporter="+bad.LocalAddr().String())
	require.Equal(t, 1, strings.Count(log, "\n"), "one line a second")
}

func TestAStalledConnectionStopsNobody(t *testing.T) {
	r := serve(t, 1, Config{})
	stalled := r.dial()
	write(t, stalled, message(1000)[:999])
	c := r.dial()
	for range 50 {
		write(t, c, message(20))
		require.Len(t, r.receive(0, 1)[0].Payload, 20)
	}
	write(t, stalled, []byte{0})
	require.Len(t, r.receive(0, 1)[0].Payload, 1000)
}

// TestWhoDoesNotTakeIsWaitedFor has nobody take messages, until the exporter
// cannot write any more; then all come.
func TestWhoDoesNotTakeIsWaitedFor(t *testing.T) {
	r := serve(t, 1, Config{})
	c := r.dial()
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
	wrote := 0
	var err error
	for p := bytes.Repeat(message(1000), 50); err == nil; {
		var n int
		n, err = c.Write(p)
		wrote += n
		require.Less(t, wrote, 1<<30)
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.SetWriteDeadline(time.Time{}))
	require.NoError(t, c.CloseWrite())
	whole, ends := 0, 0
	for ends == 0 {
		ds, err := r.lanes[0].Receive(t.Context(), time.Now().Add(10*time.Second))
		require.NoError(t, err)
		whole += datagram.Count(ds)
		ends += len(ds) - datagram.Count(ds)
	}
	require.Equal(t, wrote/1000, whole)
	require.EqualValues(t, wrote%1000, r.Counts().Abandoned)
}

func TestAllow(t *testing.T) {
	r := serve(t, 1, Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}})
	r.refused()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := d.Dial("tcp", r.Addrs()[0].String())
	if err != nil {
		t.Skip("only one loopback address here: ", err)
	}
	defer func() { _ = c.Close() }()
	write(t, c, message(16))
	require.Equal(t, "127.0.0.2", r.receive(0, 1)[0].From.Addr().String())
	require.Equal(t, Counts{Connections: 1, Refused: 1}, r.Counts())
}

func TestTooMany(t *testing.T) {
	r := serve(t, 1, Config{Connections: 2})
	a, b := r.dial(), r.dial()
	write(t, a, message(16))
	write(t, b, message(16))
	r.receive(0, 2)
	r.refused()
	require.EqualValues(t, 1, r.Counts().Excess)
	require.NoError(t, a.Close())
	require.True(t, r.receive(0, 1)[0].Ends())
	r.quiet() // which gives the end back
	require.Eventually(t, func() bool { return r.open() == 1 }, 10*time.Second, time.Millisecond)
	c := r.dial()
	write(t, c, message(20))
	require.Len(t, r.receive(0, 1)[0].Payload, 20)
}

// TestManyShortConnections has more of them than there can be at a time.
func TestManyShortConnections(t *testing.T) {
	const limit, each, workers = 50, 200, 8
	r := serve(t, 2, Config{Connections: limit})
	ctx, cancel := context.WithCancel(t.Context())
	var lanes, clients sync.WaitGroup
	for _, lane := range r.lanes {
		lanes.Go(func() {
			for ctx.Err() == nil {
				_, err := lane.Receive(ctx, time.Now().Add(time.Second))
				if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	for w := range workers {
		clients.Go(func() {
			for i := range each {
				c, err := net.Dial("tcp", r.Addrs()[0].String())
				if err != nil {
					continue // refused at once
				}
				switch (i + w) % 4 {
				case 0:
					_, _ = c.Write(message(100))
				case 1:
					_, _ = c.Write([]byte("nonsense"))
				case 2:
					_, _ = c.Write(message(100)[:50])
				}
				if n := r.open(); n > limit {
					t.Errorf("%d connections", n)
				}
				_ = c.Close()
			}
		})
	}
	clients.Wait()
	r.waitFor(func(c Counts) bool { return c.Connections+c.Excess == each*workers })
	require.Eventually(t, func() bool { return r.open() == 0 }, 10*time.Second, time.Millisecond)
	cancel()
	lanes.Wait()
	c := r.Counts()
	require.NotZero(t, c.Broken)
	require.NotZero(t, c.Failed)
	require.LessOrEqual(t, strings.Count(r.log.String(), "\n"), 100, "the log is not flooded")
}

func TestIdle(t *testing.T) {
	r := serve(t, 1, Config{Idle: 500 * time.Millisecond})
	c := r.dial()
	write(t, c, append(message(16), message(16)[:3]...))
	got := r.receive(0, 1)
	time.Sleep(600 * time.Millisecond) // while the lane is busy nobody is idle
	require.Zero(t, r.Counts().Idle)
	require.Len(t, got[0].Payload, 16)
	require.True(t, r.receive(0, 1)[0].Ends())
	closed(t, c)
	require.Equal(t, Counts{Connections: 1, Idle: 1, Abandoned: 3}, r.Counts())
}

func TestLanesShare(t *testing.T) {
	r := serve(t, 4, Config{})
	for range 12 {
		write(t, r.dial(), message(16))
	}
	for i := range r.lanes {
		from := map[netip.AddrPort]bool{}
		for _, d := range r.receive(i, 3) {
			from[d.From] = true
		}
		require.Len(t, from, 3)
	}
}

func TestDrain(t *testing.T) {
	r := serve(t, 2, Config{})
	const conns, each = 6, 100
	for i := range conns {
		c := r.dial()
		write(t, c, bytes.Repeat(message(1000), each))
		if i == 0 {
			write(t, c, message(1000)[:10])
		}
	}
	r.waitFor(func(c Counts) bool { return c.Connections == conns })
	r.Drain()
	_, err := net.Dial("tcp", r.Addrs()[0].String())
	require.Error(t, err, "nobody listens")
	whole, ends, _ := r.rest()
	require.Equal(t, conns*each, whole)
	require.Equal(t, conns, ends)
	require.Zero(t, r.open())
	require.Equal(t, Counts{Connections: conns, Abandoned: 10}, r.Counts())
}

// TestDrainEndsUnderLoad drains while the exporter goes on writing.
func TestDrainEndsUnderLoad(t *testing.T) {
	r := serve(t, 1, Config{})
	c := r.dial()
	var writer sync.WaitGroup
	writer.Go(func() {
		for p := bytes.Repeat(message(1000), 64); ; {
			if _, err := c.Write(p); err != nil {
				return
			}
		}
	})
	_, err := r.lanes[0].Receive(t.Context(), time.Now().Add(10*time.Second))
	require.NoError(t, err, "it is under way")
	r.Drain()
	_, _, read := r.rest()
	require.LessOrEqual(t, read, maxDrain+3*maxMessage)
	writer.Wait()
}

func TestCloseWithinAMessage(t *testing.T) {
	r := serve(t, 1, Config{})
	write(t, r.dial(), append(message(100), message(100)[:30]...))
	r.receive(0, 1)
	r.close()
	require.Equal(t, Counts{Connections: 1, Abandoned: 30}, r.Counts())
	require.Zero(t, r.open())
}

func TestMistakes(t *testing.T) {
	for _, c := range []Config{
		{Addresses: []Address{{HostPort: "nonsense"}}},
		{Addresses: []Address{{HostPort: ":0", TLS: true}}},
		{Addresses: []Address{{HostPort: "127.0.0.1:0"}, {HostPort: "nonsense"}}},
		{Connections: -1},
		{Idle: -1},
		{Allow: make([]netip.Prefix, 1)},
	} {
		c.Logger = slog.New(slog.DiscardHandler)
		_, err := Listen(t.Context(), c)
		require.Error(t, err)
	}
}
