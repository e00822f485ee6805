package pipelinetest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/replay"
)

// Replay makes a test of the flow exports that somebody reports: a recording (see
// netflow.Record) or a packet capture. It runs the plan that plan makes of them and
// of a sink, and compares what comes of them with the file at path + ".golden", as
// Golden does: first a line for each counter that a stage keeps and that is not 0,
// and for the error with which the run ended, if any; then each flow that reaches
// the sink, as a JSON line.
func Replay(t testing.TB, path string, plan func(from pipeline.Source, to pipeline.Sink) *pipeline.Plan, opts ...replay.Option) {
	t.Helper()
	var out, flows bytes.Buffer
	stats, err := RunError(t, plan(replay.File(path, opts...), sink.JSON(&flows)))
	for _, s := range stats.Stages {
		for _, name := range slices.Sorted(maps.Keys(s.Counters)) {
			if n := s.Counters[name]; n > 0 {
				fmt.Fprintf(&out, "# %s: %s %d\n", s.Name, name, n)
			}
		}
	}
	if err != nil {
		fmt.Fprintf(&out, "# error: %v\n", err)
	}
	_, _ = flows.WriteTo(&out)
	Golden(t, path+".golden", out.Bytes())
}
