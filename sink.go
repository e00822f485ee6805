package pipeline

import (
	"context"
	"fmt"

	"github.com/flowpipeline/pipeline/flow"
)

// Sink is where flows end.
//
// Write delivers the selected flows before it returns nil, or retains the batch
// and releases the view when they are delivered. It must not change flows. A
// *flow.PartialError says that only some of them failed.
//
// Write is called from one goroutine at a time unless the sink is Concurrent.
type Sink interface {
	Write(ctx context.Context, b *flow.Batch) error
}

// SinkFunc is a Sink made of a function.
type SinkFunc func(ctx context.Context, b *flow.Batch) error

// Write calls f.
func (f SinkFunc) Write(ctx context.Context, b *flow.Batch) error { return f(ctx, b) }

// NewSink describes a sink: every Build calls make for a fresh one. See
// NewSource.
func NewSink(name string, make func() (Sink, error)) Sink {
	return &sinkSpec{name: name, make: make}
}

// MakeSink makes the sink that s describes, or returns s itself. It is for sinks
// that are made of others, in their own description's function. What only Build
// can make, such as Buffered or Retry, is an error.
func MakeSink(s Sink) (Sink, error) {
	_, made, err := resolveSink(s)
	if w, ok := made.(sinkWrapper); ok {
		return nil, fmt.Errorf("%v can only stand in a plan", w)
	}
	return made, err
}

// NamedSink gives a sink another name in errors, statistics and drawings.
func NamedSink(name string, s Sink) Sink {
	return &sinkSpec{name: name, make: func() (Sink, error) {
		_, s, err := resolveSink(s)
		return s, err
	}}
}
