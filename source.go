package pipeline

import (
	"context"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// Source is where flows come from.
//
// Read fills b with at least one flow, by b.Next, and returns as soon as it
// would have to wait for the next one. With nothing to give it waits until
// b.Deadline() and then returns with an empty batch and nil, so that ticks and
// shutdown go on. It returns io.EOF when there are no more flows, ctx's error
// when ctx is done, and any other error to stop the run; what it filled in
// before an error is delivered.
//
// Read is called from one goroutine at a time. b is the source's until it
// returns. A source that wants to know what became of the flows registers with
// b.OnDone.
type Source interface {
	Read(ctx context.Context, b *flow.Batch) error
}

// SourceFunc is a Source made of a function.
type SourceFunc func(ctx context.Context, b *flow.Batch) error

// Read calls f.
func (f SourceFunc) Read(ctx context.Context, b *flow.Batch) error { return f(ctx, b) }

// NewSource describes a source: every Build calls make for a fresh one, so the
// plan can be built many times, and an error of make is one of the mistakes that
// Build reports. Constructors of stages return what NewSource returns.
func NewSource(name string, make func() (Source, error)) Source {
	return &sourceSpec{name: name, make: make}
}

// NamedSource gives a source another name in errors, statistics and drawings.
func NamedSource(name string, s Source) Source {
	return &sourceSpec{name: name, make: func() (Source, error) {
		_, s, err := resolveSource(s)
		return s, err
	}}
}

// MakeSource makes the source that s describes, or returns s itself. It is for
// sources that are made of others, in their own description's function.
func MakeSource(s Source) (Source, error) {
	_, made, err := resolveSource(s)
	return made, err
}

// Splitter is a source that can be read on several lanes at once. Build calls
// Split once, with the number of lanes, and reads what it returns instead. The
// source itself is still opened before its parts and closed before them.
type Splitter interface {
	Split(n int) ([]Source, error)
}

// Drainer is a source that still holds flows when it is told to stop: a flow
// table, a merge. After the sources' context has ended Drain is called in place of
// Read, with the stages' context, until it returns io.EOF or another error.
type Drainer interface {
	Drain(ctx context.Context, b *flow.Batch) error
}

// Pusher is a source that can refuse flows by itself, as a kernel can. It is
// offered the filter that follows it, when it is the only source. The flows that
// come out of the filter must be the same with and without.
type Pusher interface {
	// Pushable parts p into what the source can test and the rest, which the
	// pipeline still applies: p matches the flows that both match. It does not
	// change the source, and drawing a plan may call it at any time.
	Pushable(p filter.Predicate) (part, rest filter.Predicate)
	// Push hands over the part. Build calls it, unless the part matches every
	// flow; in a source that stands in several plans the latest counts.
	Push(part filter.Predicate) error
}

// Replayer is a source whose flows tell their own time: a capture, a recording.
// A pipeline all of whose sources are replayers runs on event time unless it is
// told otherwise.
type Replayer interface {
	Replays() bool
}
