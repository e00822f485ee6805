package pipeline

import (
	"sync/atomic"

	"github.com/flowpipeline/pipeline/flow"
)

// Pipeline is a plan that was built: it can run once.
type Pipeline struct {
	set        settings
	plan       *Plan
	nodes      []*node
	sources    []*sourceNode
	sinks      []*sinkNode
	transforms []*transformStep
	sections   []*section
	layout     *flow.Layout
	symbols    *flow.Symbols
	pending    atomic.Int64
	started    atomic.Bool
}

// sourceNode is a source and the lanes it is read on.
type sourceNode struct {
	node
	parts []Source
}

// Stats returns the counters. It may be called at any time, from any goroutine.
func (pl *Pipeline) Stats() Stats {
	s := Stats{
		Lanes:          len(pl.sections[0].lanes),
		Symbols:        pl.symbols.Len(),
		SymbolsRefused: pl.symbols.Refused(),
		Unfinished:     pl.pending.Load(),
	}
	for _, n := range pl.nodes {
		s.Stages = append(s.Stages, n.snapshot())
	}
	return s
}

// Symbols returns the table that the flows' symbols belong to.
func (pl *Pipeline) Symbols() *flow.Symbols { return pl.symbols }

// String draws the plan that the pipeline was built from.
func (pl *Pipeline) String() string { return pl.plan.String() }
