package rtr

import (
	"bytes"
	"encoding/hex"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/vrp"
)

// script is a connection to a cache that sends what it has and closes.
type script struct {
	net.Conn
	sends bytes.Reader
}

func (s *script) Read(p []byte) (int, error)       { return s.sends.Read(p) }
func (s *script) Write(p []byte) (int, error)      { return len(p), nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) Close() error                     { return nil }

// FuzzSession has a cache send anything, of which a session makes a snapshot, or
// an error.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"0103b24e0000000801060000000000200120300020010db80000000000000000000000000000fbf1010400000000001401181800c00002000000fbf00107b24e000000180000000000000e100000025800001c20",
		"0003b24e0000000800060000000000200120300020010db80000000000000000000000000000fbf1000400000000001401181800c00002000000fbf00007b24e0000000c00000000",
		"010800000000000801030001000000080107000100000018000000090000003c0000001400000258",
		"010a0002000000130000000000000003616263",
	} {
		raw, err := hex.DecodeString(seed)
		require.NoError(f, err)
		f.Add(raw, false)
		f.Add(raw, true)
	}
	f.Fuzz(func(t *testing.T, sends []byte, going bool) {
		conn := &script{}
		conn.sends.Reset(sends)
		s := newSession(conn, version1)
		var since *snapshot
		if going {
			since = &snapshot{version: version1, session: 0xb24e}
		}
		for range 4 {
			now, _, err := s.update(since)
			if err != nil {
				require.NotEmpty(t, err.Error())
				s.end(err)
				return
			}
			require.LessOrEqual(t, len(now.set), len(sends)/20)
			for i := 1; i < len(now.set); i++ {
				require.Negative(t, vrp.Compare(now.set[i-1], now.set[i]))
			}
			require.Positive(t, now.times.refresh)
			require.GreaterOrEqual(t, now.times.expire, 10*time.Minute)
			if err := s.news(now, time.Time{}); err != nil {
				s.end(err)
				return
			}
			since = now
		}
	})
}
