package pipeline

import (
	"context"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Transform changes flows in place, or takes some out of the batch's selection.
// It must not keep b or its flows after it returns. An error loses the batch,
// counted, and stops the run.
//
// Process is called from one goroutine at a time unless the transform is
// Concurrent.
type Transform interface {
	Process(ctx context.Context, b *flow.Batch) error
}

// TransformFunc is a Transform made of a function. It is taken to be Concurrent:
// a function that keeps state must guard it.
type TransformFunc func(ctx context.Context, b *flow.Batch) error

// Process calls f.
func (f TransformFunc) Process(ctx context.Context, b *flow.Batch) error { return f(ctx, b) }

// Concurrent reports true.
func (f TransformFunc) Concurrent() bool { return true }

// Each is a Transform that calls fn for every flow. fn may be called
// concurrently when the pipeline has several lanes.
func Each(fn func(*flow.Flow)) Transform { return each(fn) }

type each func(*flow.Flow)

func (fn each) Process(_ context.Context, b *flow.Batch) error {
	flows, rows := b.Raw()
	for _, i := range rows {
		fn(&flows[i])
	}
	return nil
}

func (each) Concurrent() bool { return true }

func (each) String() string { return "each" }

// NewTransform describes a transform: every Build calls make for a fresh one.
// See NewSource.
func NewTransform(name string, make func() (Transform, error)) Transform {
	return &transformSpec{name: name, make: make}
}

// NamedTransform gives a transform another name in errors, statistics and
// drawings.
func NamedTransform(name string, t Transform) Transform {
	return &transformSpec{name: name, make: func() (Transform, error) {
		_, t, err := resolveTransform(t)
		return t, err
	}}
}

// Forker is a transform that can work on several lanes with a copy for each.
// Build calls Fork once for each lane but the first.
type Forker interface {
	Fork() (Transform, error)
}

// Concurrent is a transform or sink whose Process or Write may be called from
// several goroutines at once. One that is neither Concurrent nor a Forker is
// serialised by a lock, and Stats says so.
type Concurrent interface {
	Concurrent() bool
}

// ReadOnly is a transform that changes neither flows nor columns; it may still
// take flows out of the selection. Tee need not copy flows for it.
type ReadOnly interface {
	ReadsOnly() bool
}

// Ticker is a transform that makes flows as time passes, as aggregators do.
//
// Tick is called when the pipeline's clock passes a multiple of Interval, with
// that time in nanoseconds since the epoch, and once more with final set after
// the last batch. Multiples that pass without a batch in between are told once,
// by the latest. Flows added to out go on behind the transform. When Tick returns
// more it is called again with an empty batch, for flows that did not fit. Tick
// and Process are never called at the same time.
//
// An aggregator that takes flows out of the selection to emit something else
// later calls Hold on their batch, and releases it from the OnDone of the batch
// that carries the result.
type Ticker interface {
	Interval() time.Duration
	Tick(ctx context.Context, now int64, final bool, out *flow.Batch) (more bool, err error)
}
