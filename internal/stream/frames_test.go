package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// message is the header of a message of n bytes, and zeros.
func message(n int) []byte {
	p := binary.BigEndian.AppendUint16(nil, versionIPFIX)
	p = binary.BigEndian.AppendUint16(p, uint16(n))
	return append(p, make([]byte, max(n-len(p), 0))...)
}

// split is the slow twin of frames: it has the whole stream. It returns the
// messages, and how many bytes are left and why, if something is wrong with them.
func split(p []byte) (all [][]byte, left int, bad bool) {
	for len(p) >= 2 {
		if p[0] != 0 || p[1] != 10 {
			return all, len(p), true
		}
		if len(p) < 4 {
			break
		}
		n := int(p[2])<<8 + int(p[3])
		if n < 16 {
			return all, len(p), true
		}
		if n > len(p) {
			break
		}
		all = append(all, p[:n])
		p = p[n:]
	}
	return all, len(p), false
}

// FuzzFrames has a stream come in pieces, and compares with the slow twin.
func FuzzFrames(f *testing.F) {
	f.Add(message(16), []byte{1})
	f.Add(append(message(20), message(30)...), []byte{3, 7, 200})
	f.Add(append(message(16), message(15)...), []byte{16})
	f.Add(append(message(16), "GET / HTTP/1.1"...), []byte{5})
	f.Add(message(65535), []byte{255, 0, 9})
	f.Fuzz(func(t *testing.T, p, pieces []byte) {
		want, wantLeft, wantBad := split(p)
		fr := frames{buf: make([]byte, maxMessage)}
		rest := p
		for i := 0; ; i++ {
			for {
				m, err := fr.next()
				if err != nil {
					if !wantBad || len(want) > 0 || fr.left()+len(rest) != wantLeft {
						t.Fatalf("%v: %d messages and %d bytes should be left, not %d", err, len(want), wantLeft, fr.left()+len(rest))
					}
					return
				}
				if m == nil {
					break
				}
				if len(want) == 0 || !bytes.Equal(m, want[0]) {
					t.Fatalf("a wrong message of %d bytes", len(m))
				}
				want = want[1:]
			}
			if len(rest) == 0 {
				break
			}
			room := fr.room()
			if len(room) == 0 {
				t.Fatal("no room to read")
			}
			piece := len(rest)
			if len(pieces) > 0 {
				piece = min(piece, int(pieces[i%len(pieces)])*300+1)
			}
			n := copy(room, rest[:piece])
			fr.end += n
			rest = rest[n:]
		}
		if wantBad || len(want) > 0 || fr.left() != wantLeft {
			t.Fatalf("%d messages are missing, and %d bytes left, not %d", len(want), fr.left(), wantLeft)
		}
	})
}

func TestFramesSayWhereTheyBreak(t *testing.T) {
	for text, p := range map[string][]byte{
		"byte 0: version 5 is not 10":                                  {0, 5},
		"byte 40: version 18245 is not 10":                             append(message(40), "GET /"...),
		"byte 16: a message of 15 bytes is shorter than its header":    append(message(16), message(15)...),
		"byte 65535: a message of 0 bytes is shorter than its header":  append(message(65535), 0, 10, 0, 0),
		"byte 65551: a message of 4 bytes is shorter than its header":  append(append(message(65535), message(16)...), 0, 10, 0, 4),
		"byte 131070: a message of 3 bytes is shorter than its header": append(append(message(65535), message(65535)...), 0, 10, 0, 3),
	} {
		fr := frames{buf: make([]byte, maxMessage)}
		var err error
		for rest := p; err == nil; {
			n := copy(fr.room(), rest)
			require.NotZero(t, n, text)
			fr.end, rest = fr.end+n, rest[n:]
			for m := []byte{}; m != nil && err == nil; {
				m, err = fr.next()
			}
		}
		require.EqualError(t, err, text)
	}
}

// endless is a connection on which the same bytes come again and again.
type endless struct {
	net.Conn
	bytes []byte
}

func (e *endless) Read(p []byte) (int, error)      { return copy(p, e.bytes), nil }
func (e *endless) SetReadDeadline(time.Time) error { return nil }
func (e *endless) Close() error                    { return nil }

// endlessConn is a connection that is never read to its end.
func endlessConn(t testing.TB, bytes []byte) *conn {
	t.Helper()
	l := &Listener{c: Config{Now: func() int64 { return 1 }, Idle: time.Hour, Logger: slog.New(slog.DiscardHandler)}}
	c := &conn{l: l, in: &endless{bytes: bytes}, from: netip.MustParseAddrPort("192.0.2.1:4000"), session: 1}
	c.frames.buf = make([]byte, maxMessage)
	t.Cleanup(func() { c.end(nil, nil) })
	return c
}

func TestNoAllocations(t *testing.T) {
	c := endlessConn(t, bytes.Repeat(message(1400), 40))
	deadline := time.Now().Add(time.Hour)
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if ds, err := c.Receive(ctx, deadline); err != nil || len(ds) != 40 {
			t.Fatal(len(ds), err)
		}
	}))
}

// BenchmarkMessages cuts messages off a stream. The floor copies the same bytes.
func BenchmarkMessages(b *testing.B) {
	some := bytes.Repeat(message(1400), 40)
	deadline := time.Now().Add(24 * time.Hour)
	b.Run("floor", func(b *testing.B) {
		to := make([]byte, len(some))
		for b.Loop() {
			copy(to, some)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*40), "ns/message")
	})
	b.Run("receive", func(b *testing.B) {
		c := endlessConn(b, some)
		ctx := context.Background()
		for b.Loop() {
			if ds, err := c.Receive(ctx, deadline); err != nil || len(ds) != 40 {
				b.Fatal(len(ds), err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*40), "ns/message")
	})
}
