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
	require.ErrorContains(t, run(t.Context(), "", "", 0, sink.Discard()), "empty")
}
