package pipelinetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Recorder is a sink that keeps copies of the flows that reach it. Its methods
// may be called at any time, from any goroutine.
type Recorder struct {
	mu    sync.Mutex
	flows []flow.Flow
	kept  []*flow.Batch
}

// Record returns an empty Recorder.
func Record() *Recorder { return new(Recorder) }

// String returns the sink's name.
func (r *Recorder) String() string { return "record" }

// Write implements pipeline.Sink.
func (r *Recorder) Write(_ context.Context, b *flow.Batch) error {
	own := flow.NewOwner(flow.OwnerConfig{Size: max(b.Len(), 1), Layout: b.Layout(), Symbols: b.Symbols()}).Begin(b.Now(), time.Time{})
	r.mu.Lock()
	defer r.mu.Unlock()
	for fl := range b.All() {
		own.Append(b, fl)
		r.flows = append(r.flows, *fl)
	}
	r.kept = append(r.kept, own)
	return nil
}

// Flows returns the flows in the order in which they came.
func (r *Recorder) Flows() []flow.Flow {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]flow.Flow(nil), r.flows...)
}

// Each calls fn with every flow and the batch that its columns are in.
func (r *Recorder) Each(fn func(*flow.Batch, *flow.Flow)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.kept {
		for fl := range b.All() {
			fn(b, fl)
		}
	}
}

// Refuse is a sink that fails with err.
func Refuse(err error) pipeline.Sink {
	return pipeline.NamedSink("refuse", pipeline.SinkFunc(func(context.Context, *flow.Batch) error { return err }))
}

// around is a sink that passes flows on to another, which it opens and closes.
type around struct{ to pipeline.Sink }

func wrap(name string, s pipeline.Sink, make func(around) pipeline.Sink) pipeline.Sink {
	return pipeline.NewSink(name, func() (pipeline.Sink, error) {
		to, err := pipeline.MakeSink(s)
		if err != nil {
			return nil, err
		}
		return make(around{to}), nil
	})
}

func (a around) Open(ctx context.Context, env pipeline.Env) error {
	if o, ok := a.to.(pipeline.Opener); ok {
		return o.Open(ctx, env)
	}
	return nil
}

func (a around) Close(ctx context.Context) error {
	if c, ok := a.to.(pipeline.Closer); ok {
		return c.Close(ctx)
	}
	return nil
}

func (a around) Bind(l *flow.Layout) error {
	if b, ok := a.to.(pipeline.Binder); ok {
		return b.Bind(l)
	}
	return nil
}

func (a around) Extensions() []flow.Extender {
	if x, ok := a.to.(pipeline.Extended); ok {
		return x.Extensions()
	}
	return nil
}

// Slow is a sink that waits before it writes to s; it stops waiting when its
// context ends.
func Slow(s pipeline.Sink, d time.Duration) pipeline.Sink {
	return wrap("slow", s, func(a around) pipeline.Sink { return &slow{a, d} })
}

type slow struct {
	around
	wait time.Duration
}

func (s *slow) Write(ctx context.Context, b *flow.Batch) error {
	t := time.NewTimer(s.wait)
	defer t.Stop()
	select {
	case <-t.C:
		return s.to.Write(ctx, b)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Flaky is a sink that fails with err some flows of each batch, the given share
// of them (0 to 1) by a generator of that seed, and writes the others to s.
func Flaky(s pipeline.Sink, err error, share float64, seed uint64) pipeline.Sink {
	return wrap("flaky", s, func(a around) pipeline.Sink {
		return &flaky{a, err, share, rand.New(rand.NewPCG(seed, seed))}
	})
}

type flaky struct {
	around
	err    error
	share  float64
	random *rand.Rand
}

func (s *flaky) Write(ctx context.Context, b *flow.Batch) error {
	var good, bad []uint16
	_, rows := b.Raw()
	for _, i := range rows {
		if s.random.Float64() < s.share {
			bad = append(bad, i)
		} else {
			good = append(good, i)
		}
	}
	cause := s.err
	if len(good) > 0 {
		if e := b.Within(good, func() error { return s.to.Write(ctx, b) }); e != nil {
			cause = errors.Join(e, s.err)
			bad = append(bad, failed(good, e)...)
			slices.Sort(bad)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &flow.PartialError{Rows: bad, Err: cause}
}

// failed returns which of the rows that were written an error is about.
func failed(rows []uint16, err error) []uint16 {
	var partial *flow.PartialError
	if errors.As(err, &partial) {
		return partial.Rows
	}
	return rows
}

// Panic is a sink that panics.
func Panic() pipeline.Sink {
	return pipeline.NamedSink("panic", pipeline.SinkFunc(func(context.Context, *flow.Batch) error { panic("pipelinetest.Panic") }))
}

// Stuck is a sink that does not come back before its context ends.
func Stuck() pipeline.Sink {
	return pipeline.NamedSink("stuck", pipeline.SinkFunc(func(ctx context.Context, _ *flow.Batch) error {
		<-ctx.Done()
		return ctx.Err()
	}))
}

// Late is a sink that retains every batch and writes it to s on another
// goroutine, one at a time.
func Late(s pipeline.Sink) pipeline.Sink {
	return wrap("late", s, func(a around) pipeline.Sink { return &late{around: a} })
}

type late struct {
	around
	mu   sync.Mutex
	work sync.WaitGroup
}

func (l *late) Write(ctx context.Context, b *flow.Batch) error {
	v := b.Retain()
	l.work.Go(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		v.Release(l.to.Write(ctx, v.Batch()))
	})
	return nil
}

// Close waits until everything is written.
func (l *late) Close(ctx context.Context) error {
	l.work.Wait()
	return l.around.Close(ctx)
}
