package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/examples/internal/flows"
	"github.com/flowpipeline/pipeline/sink"
)

func output(t *testing.T, name string, opts ...pipeline.Option) string {
	t.Helper()
	var out bytes.Buffer
	plan := pipeline.From(flows.From(name)).To(sink.Flowdump(&out, sink.Location(time.UTC)))
	require.NoError(t, plan.Run(t.Context(), opts...))
	return out.String()
}

func TestBundledCaptureIsTheSameAtAnyBatchSize(t *testing.T) {
	want := output(t, "")
	require.Greater(t, strings.Count(want, "\n"), 20)
	require.Contains(t, want, "→ 192.0.2.80:443, TCP")
	for _, size := range []int{1, 2, 7, 4096} {
		require.Equal(t, want, output(t, "", pipeline.WithBatchSize(size)))
	}
	require.Equal(t, want, output(t, "../../testdata/web.pcap"))
}

func TestJSONGivesTheSameFlows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.json")
	require.NoError(t, pipeline.From(flows.From("")).To(sink.JSONFile(path)).Run(t.Context()))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	stdin := os.Stdin
	os.Stdin = f
	defer func() { os.Stdin = stdin }()
	require.Equal(t, output(t, ""), output(t, "-"))
}

func TestArguments(t *testing.T) {
	for want, args := range map[int][]string{
		29: {},
		8:  {"icmp or icmp6"},
		5:  {"../../testdata/web.pcap", "src port 80"},
		0:  {"", "port 9999"},
	} {
		count := sink.Count()
		require.NoError(t, dump(t.Context(), args, count))
		require.EqualValues(t, want, count.Flows(), args)
	}
	require.ErrorContains(t, dump(t.Context(), []string{"prto tcp"}, sink.Discard()), `did you mean "proto"?`)
}
