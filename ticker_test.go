package pipeline_test

import (
	"context"
	"io"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// ticking notes its ticks: when, how many flows it had seen since the last.
type ticking struct {
	every time.Duration
	mu    sync.Mutex
	seen  int
	ticks []tickSeen
	more  bool // of every answer
}

type tickSeen struct {
	at    int64 // in seconds
	flows int
	final bool
}

func (s *ticking) Process(_ context.Context, b *flow.Batch) error { s.seen += b.Len(); return nil }

func (s *ticking) Interval() time.Duration { return s.every }

func (s *ticking) Tick(_ context.Context, now int64, final bool, _ *flow.Batch) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ticks = append(s.ticks, tickSeen{now / 1e9, s.seen, final})
	s.seen = 0
	return s.more, nil
}

func (s *ticking) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ticks)
}

// seconds is a source of flows at the given seconds, which waits before each.
func seconds(wait time.Duration, at ...int64) pipeline.Source {
	return pipeline.SourceFunc(func(_ context.Context, b *flow.Batch) error {
		if len(at) == 0 {
			return io.EOF
		}
		time.Sleep(wait)
		fl := b.Next()
		fl.SetTimeReceived(at[0] * 1e9)
		fl.SetSrcAS(uint32(at[0]))
		at = at[1:]
		return nil
	})
}

func TestTicksOfAnArmThatEndsStayInIt(t *testing.T) {
	var arm, after record
	_, err := run(t, pipeline.From(numbers(10)).
		Branch(pipeline.When(filter.All(), pipeline.Through(&sum{}).To(&arm))).
		To(&after))
	require.NoError(t, err)
	require.Equal(t, []uint32{10}, arm.got)
	require.Empty(t, after.got)
}

// TestFirstWindowIsWhole has flows within one minute of event time come by several
// lanes: no lane may take the others' not having begun for the year 1970.
func TestFirstWindowIsWhole(t *testing.T) {
	const base = 1_700_000_050 // 10 s into a minute
	s := &ticking{every: time.Minute}
	_, err := run(t, pipeline.From(seconds(0, base, base+1, base+2), seconds(2*time.Millisecond, base+1, base+3)).Through(s).To(&record{}),
		pipeline.WithClock(pipeline.EventClock()))
	require.NoError(t, err)
	require.Equal(t, []tickSeen{{base + 3, 5, true}}, s.ticks)

	s = &ticking{every: time.Minute}
	_, err = run(t, pipeline.From(seconds(time.Millisecond, base, base+1, base+2, base+4)).Repartition(2, flow.FieldSrcAS).Through(s).To(&record{}),
		pipeline.WithClock(pipeline.EventClock()))
	require.NoError(t, err)
	require.Equal(t, []tickSeen{{base + 4, 4, true}}, s.ticks)
}

func TestFlowFromTheFarFuture(t *testing.T) {
	s := &ticking{every: time.Minute}
	_, err := run(t, pipeline.From(seconds(0, 1, math.MaxInt64/1_000_000_000, 2)).Through(s).To(&record{}), pipeline.WithClock(pipeline.EventClock()))
	require.NoError(t, err)
	require.Len(t, s.ticks, 2)
	require.Equal(t, 1, s.ticks[0].flows)
}

func TestTickThatAlwaysHasMore(t *testing.T) {
	s := &ticking{every: time.Second, more: true}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	err := pipeline.From(numbers(10)).Through(s).To(&record{}).Run(ctx, pipeline.WithDrainTimeout(time.Millisecond))
	require.ErrorIs(t, err, pipeline.ErrDrainTimeout)
	n := s.count()
	time.Sleep(5 * time.Millisecond)
	require.Equal(t, n, s.count(), "it goes on after the run")
}

// failingSum is sum, and fails from some batch on, without releasing what it
// holds.
type failingSum struct {
	sum
	left int
}

func (s *failingSum) Process(ctx context.Context, b *flow.Batch) error {
	if s.left--; s.left < 0 {
		return errProbe
	}
	return s.sum.Process(ctx, b)
}

func TestHoldsOfAFailedAggregatorAreReleased(t *testing.T) {
	ack := &acks{}
	_, err := run(t, pipeline.From(&parts{n: 100, acks: ack}).Through(&failingSum{left: 3}).To(&record{}), pipeline.WithBatchSize(10))
	require.ErrorIs(t, err, errProbe)
	require.Equal(t, ack.began.Load(), ack.done.Load())
	require.EqualValues(t, 4, ack.failed.Load())
}

func TestForgottenHoldIsAnError(t *testing.T) {
	forgetful := pipeline.NamedTransform("forgetful", pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error { b.Hold(); return nil }))
	_, err := run(t, pipeline.From(numbers(10)).Through(forgetful).To(&record{}))
	require.EqualError(t, err, "forgetful: close: 1 batches were still held")
}
