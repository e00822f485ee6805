package pipelinetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Acks is what a source heard of its batches. Its methods may be called at any
// time, from any goroutine.
type Acks struct {
	mu     sync.Mutex
	began  int
	heard  map[int]int // times by batch
	errors []error
}

// Acked wraps a source so that it notes what becomes of each batch. A plan with
// it can be built once. A source that takes over filters is not asked to.
func Acked(s pipeline.Source) (pipeline.Source, *Acks) {
	a := &Acks{heard: map[int]int{}}
	return pipeline.NewSource("acked", func() (pipeline.Source, error) {
		made, err := pipeline.MakeSource(s)
		if _, ok := made.(pipeline.Splitter); ok && err == nil {
			return &ackedSplitter{acked{made, a}}, nil
		}
		return &acked{made, a}, err
	}), a
}

// ackedSplitter is acked of a source that can be read on several lanes.
type ackedSplitter struct{ acked }

func (s *ackedSplitter) Split(n int) ([]pipeline.Source, error) {
	parts, err := s.Source.(pipeline.Splitter).Split(n)
	for i, p := range parts {
		parts[i] = &acked{p, s.acks}
	}
	return parts, err
}

// Errors returns the errors with which batches were finished.
func (a *Acks) Errors() []error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]error(nil), a.errors...)
}

// Check returns an error unless every batch was finished, exactly once, and
// without an error.
func (a *Acks) Check() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.heard) != a.began {
		return fmt.Errorf("%d of %d batches were finished", len(a.heard), a.began)
	}
	for _, n := range a.heard {
		if n != 1 {
			return fmt.Errorf("a batch was finished %d times", n)
		}
	}
	return errors.Join(a.errors...)
}

func (a *Acks) begin() func(error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.began
	a.began++
	return func(err error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.heard[n]++
		if err != nil {
			a.errors = append(a.errors, err)
		}
	}
}

type acked struct {
	pipeline.Source
	acks *Acks
}

func (s *acked) Read(ctx context.Context, b *flow.Batch) error {
	b.OnDone(s.acks.begin())
	return s.Source.Read(ctx, b)
}

func (s *acked) Drain(ctx context.Context, b *flow.Batch) error {
	d, ok := s.Source.(pipeline.Drainer)
	if !ok {
		return io.EOF
	}
	b.OnDone(s.acks.begin())
	return d.Drain(ctx, b)
}

func (s *acked) Open(ctx context.Context, env pipeline.Env) error {
	if o, ok := s.Source.(pipeline.Opener); ok {
		return o.Open(ctx, env)
	}
	return nil
}

func (s *acked) Close(ctx context.Context) error {
	if c, ok := s.Source.(pipeline.Closer); ok {
		return c.Close(ctx)
	}
	return nil
}

func (s *acked) Replays() bool {
	r, ok := s.Source.(pipeline.Replayer)
	return ok && r.Replays()
}

func (s *acked) Extensions() []flow.Extender {
	if x, ok := s.Source.(pipeline.Extended); ok {
		return x.Extensions()
	}
	return nil
}
