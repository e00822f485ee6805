package main

import (
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline/internal/datagram"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReplaysARecording(t *testing.T) {
	path := filepath.Join(t.TempDir(), "exports.dgram.zst")
	rec, err := datagram.Create(path)
	require.NoError(t, err)
	for _, payload := range [][]byte{export.IPFIXTemplate(0), export.IPFIXData(0, 7), export.V5(0, 5), export.SFlow(1)} {
		require.NoError(t, rec.Write(&datagram.Datagram{Payload: payload, From: netip.MustParseAddrPort("192.0.2.9:9")}))
	}
	require.NoError(t, rec.Close())
	for expr, want := range map[string]int{"": 13, "proto udp": 1, "port 9": 0} {
		count := sink.Count()
		require.NoError(t, run(t.Context(), path, expr, 1, count))
		require.EqualValues(t, want, count.Flows(), expr)
	}
}

// TestReplaysTheBundledCapture compares what different protocols tell of the same
// packets: sFlow samples whole frames with their checksum, and pmacctd keeps the
// last few to itself.
func TestReplaysTheBundledCapture(t *testing.T) {
	sums := map[string]*sink.Counter{}
	for _, expr := range []string{"", "type netflow_v5", "type netflow_v9 and ipv4", "type netflow_v9", "type ipfix", "type sflow_5"} {
		sums[expr] = sink.Count()
		require.NoError(t, run(t.Context(), "", expr, 0, sums[expr]))
	}
	require.EqualValues(t, 216, sums[""].Flows())
	require.EqualValues(t, 21, sums["type netflow_v5"].Flows())
	require.EqualValues(t, 32, sums["type ipfix"].Flows())
	same := func(a, b *sink.Counter) {
		t.Helper()
		require.Equal(t, a.Flows(), b.Flows())
		require.Equal(t, a.Packets(), b.Packets())
		require.Equal(t, a.Bytes(), b.Bytes())
	}
	same(sums["type netflow_v5"], sums["type netflow_v9 and ipv4"])
	same(sums["type netflow_v9"], sums["type ipfix"])
	require.EqualValues(t, 131, sums["type sflow_5"].Packets())
}
