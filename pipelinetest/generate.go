package pipelinetest

import (
	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/source"
)

// Generate is a source of n made-up flows, the same for the same seed, a
// millisecond of event time apart; see source.Generator.
func Generate(n int, seed uint64) pipeline.Source {
	return source.Generator(source.Count(n), source.Seed(seed))
}
