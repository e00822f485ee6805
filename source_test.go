package pipeline_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// holding is a source that gives what it holds only when it is drained.
type holding struct{ left int }

func (s *holding) Read(ctx context.Context, _ *flow.Batch) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s *holding) Drain(_ context.Context, b *flow.Batch) error {
	if s.left == 0 {
		return io.EOF
	}
	b.Next()
	s.left--
	return nil
}

func TestDrainedSource(t *testing.T) {
	for name, tt := range map[string]struct {
		flows   int
		timeout time.Duration
		whole   bool
	}{
		"in time":                     {5, time.Minute, true},
		"cut off":                     {100000, 5 * time.Millisecond, false},
		"no time, but nothing to do":  {0, 0, true},
		"no time, and something held": {2, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			slow := pipeline.SinkFunc(func(context.Context, *flow.Batch) error { time.Sleep(time.Millisecond); return nil })
			s := &holding{left: tt.flows}
			pl, err := pipeline.From(pipeline.NamedSource("holding", s)).To(slow).Build(pipeline.WithDrainTimeout(tt.timeout), pipeline.WithBatchSize(1))
			require.NoError(t, err)
			err = pl.Run(ctx)
			require.NoError(t, pl.Stats().Check())
			if tt.whole {
				require.NoError(t, err)
				require.Zero(t, s.left)
				return
			}
			require.ErrorIs(t, err, pipeline.ErrDrainTimeout)
			require.ErrorContains(t, err, "holding: drain:")
		})
	}
}

func TestSourceThatEndedIsNotDrained(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &endedSource{cancel: cancel}
	require.NoError(t, pipeline.From(s).To(&record{}).Run(ctx))
	require.False(t, s.drained)
}

type endedSource struct {
	cancel  func()
	drained bool
}

func (s *endedSource) Read(context.Context, *flow.Batch) error { s.cancel(); return io.EOF }

func (s *endedSource) Drain(context.Context, *flow.Batch) error { s.drained = true; return io.EOF }

// TestOnlyBareEOFIsAnEnd tells the end of a source from an error because of some
// end of file.
func TestOnlyBareEOFIsAnEnd(t *testing.T) {
	lost := pipeline.SourceFunc(func(context.Context, *flow.Batch) error { return fmt.Errorf("connection lost: %w", io.EOF) })
	require.ErrorContains(t, pipeline.From(lost).To(&record{}).Run(t.Context()), "connection lost")
}
