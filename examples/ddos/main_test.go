package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestReplay finds the three attacks, and not the speed test.
func TestReplay(t *testing.T) {
	var posted atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte(`"attack_phase":"start"`)) {
			posted.Add(1)
		}
	}))
	defer server.Close()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, server.URL, nil))
	for phase, times := range map[string]int{" start ": 3, " end ": 3} {
		require.Equal(t, times, strings.Count(out.String(), phase), out.String())
	}
	require.Contains(t, out.String(), "00:00:16 start  192.0.2.20/32    ntp amplification, major")
	require.Contains(t, out.String(), "192.0.2.30/32    syn")
	require.Contains(t, out.String(), "192.0.2.0/24     udp")
	require.NotContains(t, out.String(), "192.0.2.10/")
	require.Equal(t, int32(3), posted.Load())
}

func TestCapture(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, "", []string{"../../testdata/web.pcap"}))
	require.Equal(t, "0 flows of attacks, 29 others\n", out.String())
	require.ErrorContains(t, run(t.Context(), &out, "", []string{"missing.pcap"}), "missing.pcap")
}
