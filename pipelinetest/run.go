package pipelinetest

import (
	"errors"
	"testing"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// Run builds and runs a plan until its sources end, with released batches
// overwritten, and returns the counters. It fails the test on any error and when
// the counters do not balance.
func Run(t testing.TB, p *pipeline.Plan, opts ...pipeline.Option) pipeline.Stats {
	t.Helper()
	stats, err := RunError(t, p, opts...)
	if err != nil {
		t.Fatalf("the run failed: %v", err)
	}
	return stats
}

// RunError is Run for a plan that is expected to fail: it returns the error. An
// error of Build fails the test.
func RunError(t testing.TB, p *pipeline.Plan, opts ...pipeline.Option) (pipeline.Stats, error) {
	t.Helper()
	pl, err := p.Build(append([]pipeline.Option{pipeline.WithPoison()}, opts...)...)
	if err != nil {
		t.Fatalf("the plan cannot be built: %v", err)
	}
	err = pl.Run(t.Context())
	stats := pl.Stats()
	if bad := stats.Check(); bad != nil && !errors.Is(err, pipeline.ErrDrainTimeout) {
		t.Fatalf("the counters do not balance: %v", bad)
	}
	return stats, err
}

// Flows is a source of the given flows.
func Flows(flows ...flow.Flow) pipeline.Source { return source.Flows(flows...) }

// Capture is a source of the flows of a capture; see package source/pcap.
func Capture(path string) pipeline.Source { return pcap.File(path) }
