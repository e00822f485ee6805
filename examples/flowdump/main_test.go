package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
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
		var out, notes bytes.Buffer
		require.NoError(t, run(t.Context(), args, &out, &notes))
		require.Equal(t, want, strings.Count(out.String(), "\n"), args)
	}
	require.ErrorContains(t, run(t.Context(), []string{"prto tcp"}, io.Discard, io.Discard), `did you mean "proto"?`)
	require.ErrorContains(t, run(t.Context(), []string{"no such input", "tcp"}, io.Discard, io.Discard), "no such file")
	require.Error(t, run(t.Context(), []string{"-nonsense"}, io.Discard, io.Discard))
}

func TestFlags(t *testing.T) {
	print := func(args ...string) string {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), args, &out, io.Discard))
		return out.String()
	}
	require.Contains(t, print("-v", "dst port 80"), "flags")
	require.Contains(t, print("-json", "dst port 80"), `"dst_port":80`)
	table := print("-top", "tcp")
	last := table[strings.LastIndex(table, clear)+len(clear):]
	lines := strings.Split(strings.TrimSpace(last), "\n")
	require.Contains(t, lines[0], "Mbit/s")
	var sent []uint64
	for _, line := range lines[1:] {
		n, err := strconv.ParseUint(strings.Fields(line)[1], 10, 64)
		require.NoError(t, err)
		sent = append(sent, n)
	}
	require.Greater(t, len(sent), 2)
	require.Contains(t, last, "192.0.2.80 → 192.0.2.1, TCP")
}
