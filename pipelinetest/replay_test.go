package pipelinetest_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/internal/datagram"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/pipelinetest"
)

func big(from pipeline.Source, to pipeline.Sink) *pipeline.Plan {
	return pipeline.From(from).Filter(filter.Expr("bytes >100")).To(to)
}

// report is a recording of every protocol, with datagrams that cannot be decoded.
func report(t *testing.T) []byte {
	var out bytes.Buffer
	rec := datagram.NewRecorder(&out)
	for i, payload := range [][]byte{export.IPFIXData(0, 2), export.IPFIXTemplate(0), export.IPFIXData(2, 2), export.V5(0, 3), export.V5(9, 2), export.SFlow(7), []byte("no flow export")} {
		require.NoError(t, rec.Write(&datagram.Datagram{Payload: payload, From: netip.MustParseAddrPort("192.0.2.9:3000"), Received: 1_700_000_000e9 + int64(i)*1e9}))
	}
	require.NoError(t, rec.Close())
	return out.Bytes()
}

func TestReplay(t *testing.T) {
	pipelinetest.Golden(t, "testdata/report.dgram", report(t))
	pipelinetest.Replay(t, "testdata/report.dgram", big)
}

// failing notes that a test failed.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Errorf(string, ...any) { f.failed = true }

// TestReplayCatches has a recording that is cut off, and one with more flows.
func TestReplayCatches(t *testing.T) {
	golden, err := os.ReadFile("testdata/report.dgram.golden")
	require.NoError(t, err)
	whole := report(t)
	for name, recording := range map[string][]byte{"cut": whole[:len(whole)-1], "more": append(whole[:len(whole):len(whole)], whole...)} {
		path := filepath.Join(t.TempDir(), "report.dgram")
		require.NoError(t, os.WriteFile(path, recording, 0o600))
		require.NoError(t, os.WriteFile(path+".golden", golden, 0o600))
		f := &failing{TB: t}
		pipelinetest.Replay(f, path, big)
		require.True(t, f.failed, name)
	}
}
