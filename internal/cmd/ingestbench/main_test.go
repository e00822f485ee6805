package main

import (
	"bytes"
	"log"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/program"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/source/replay"
)

func TestMain(m *testing.M) {
	if isChild, err := child(); err != nil {
		log.Fatal(err)
	} else if isChild {
		return
	}
	m.Run()
}

// TestStreams has the decoder understand all of what is sent.
func TestStreams(t *testing.T) {
	for protocol := range times {
		var recording bytes.Buffer
		rec := datagram.NewRecorder(&recording)
		s := newStream(protocol, 1)
		for payload, n := s.first(), 0; n <= 2*distinct; payload, n = s.datagram(), n+1 {
			require.True(t, datagram.Looks(payload))
			require.NoError(t, rec.Write(&datagram.Datagram{Payload: payload, From: netip.MustParseAddrPort("127.0.0.1:1"), Received: seconds * 1e9}))
		}
		require.NoError(t, rec.Close())
		got := pipelinetest.Record()
		stats := pipelinetest.Run(t, pipeline.From(replay.Reader("test", &recording)).Filter(wanted).To(got))
		require.Len(t, got.Flows(), 2*distinct*perDatagram, "the filter takes all")
		counters := stats.Stages[0].Counters
		for name, n := range counters {
			switch name {
			case "bytes", "datagrams", "templates":
			default:
				require.Zero(t, n, name)
			}
		}
		last := got.Flows()[len(got.Flows())-1]
		require.False(t, last.End().IsZero())
	}
}

// TestCompare runs everything for a moment.
func TestCompare(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	program.Path(t, "nfcapd")
	b := bench{dir: t.TempDir(), rate: 20_000, lasting: 50 * time.Millisecond, step: 20 * time.Millisecond, steps: 1, highest: 20_000, replays: 1}
	table, err := b.compare("ipfix", 1)
	require.NoError(t, err)
	for _, c := range collectors() {
		require.Contains(t, table, "| "+c.name+" |")
	}
	left, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
