package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/netip"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var address = regexp.MustCompile(`address=(\S+)`)

func TestPrintsWhatIsSent(t *testing.T) {
	outR, outW := io.Pipe()
	logR, logW := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		log := slog.New(slog.NewTextHandler(logW, nil))
		done <- collect(ctx, []string{"netflow://127.0.0.1:0", "sflow://127.0.0.1:0"}, "port 443 and bytes <103", outW, log)
		_ = outW.Close()
		_ = logW.Close()
	}()
	logs := bufio.NewScanner(logR)
	for _, payload := range [][]byte{export.V5(0, 5), export.SFlow(1)} {
		require.True(t, logs.Scan())
		m := address.FindStringSubmatch(logs.Text())
		require.NotNil(t, m, logs.Text())
		export.Dial(t, netip.MustParseAddrPort(m[1]))(payload)
	}
	go func() { _, _ = io.Copy(io.Discard, logR) }()
	out := bufio.NewScanner(outR)
	for range 4 {
		require.True(t, out.Scan())
		require.Contains(t, out.Text(), `"192.0.2.1"`)
	}
	cancel()
	require.False(t, out.Scan())
	require.NoError(t, <-done)
}
