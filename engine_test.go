package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// numbers is a source of n flows, numbered from 0 in SrcAS, a millisecond apart.
func numbers(n int) pipeline.Source {
	return pipeline.NewSource("numbers", func() (pipeline.Source, error) {
		next := 0
		return pipeline.SourceFunc(func(_ context.Context, b *flow.Batch) error {
			for next < n {
				fl := b.Next()
				if fl == nil {
					return nil
				}
				fl.SetSrcAS(uint32(next))
				fl.SetTimeReceived(int64(next) * int64(time.Millisecond))
				next++
			}
			return io.EOF
		}), nil
	})
}

// record keeps the numbers of the flows that reach it.
type record struct {
	mu  sync.Mutex
	got []uint32
}

func (r *record) Write(_ context.Context, b *flow.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for fl := range b.All() {
		r.got = append(r.got, fl.SrcAS)
	}
	return nil
}

func divisible(n uint32) filter.Predicate {
	return filter.Func(fmt.Sprintf("divisible by %d", n), func(fl *flow.Flow) bool { return fl.SrcAS%n == 0 })
}

func run(t *testing.T, p *pipeline.Plan, opts ...pipeline.Option) (pipeline.Stats, error) {
	t.Helper()
	pl, err := p.Build(append(opts, pipeline.WithPoison())...)
	require.NoError(t, err)
	err = pl.Run(t.Context())
	require.NoError(t, pl.Stats().Check())
	return pl.Stats(), err
}

func TestBranchRejoinsInOrder(t *testing.T) {
	var all, odd, five record
	add := pipeline.Each(func(fl *flow.Flow) { fl.SetDstAS(1) })
	p := pipeline.From(numbers(5000)).
		Branch(
			pipeline.When(divisible(2), pipeline.Through(add)),
			pipeline.When(divisible(5), pipeline.To(&five)),
		).
		Tee(
			pipeline.To(&all),
			pipeline.Filter(filter.Not(divisible(2))).To(pipeline.Buffered(&odd, 3, pipeline.Block)),
		)
	stats, err := run(t, p)
	require.NoError(t, err)
	require.Len(t, five.got, 500)
	require.Len(t, all.got, 4500)
	require.IsIncreasing(t, all.got)
	require.Len(t, odd.got, 2000)
	require.Equal(t, uint64(5000), stats.Total().In)
	t.Log(p)
}

func TestRetry(t *testing.T) {
	var rec record
	fails := 3
	bad := pipeline.SinkFunc(func(ctx context.Context, b *flow.Batch) error {
		if fails > 0 {
			fails--
			_, rows := b.Raw()
			return &flow.PartialError{Rows: append([]uint16(nil), rows[:1]...), Err: errors.Join(rec.Write(ctx, b), io.ErrClosedPipe)}
		}
		return rec.Write(ctx, b)
	})
	_, err := run(t, pipeline.From(numbers(10)).To(pipeline.Retry(bad, pipeline.Backoff{First: 1, Attempts: 9})))
	require.NoError(t, err)
	require.Len(t, rec.got, 13)
}

// sum is an aggregator: it emits the number of flows of each 100 ms.
type sum struct {
	n    uint64
	held []func(error)
}

func (s *sum) Process(_ context.Context, b *flow.Batch) error {
	s.n += uint64(b.Len())
	s.held = append(s.held, b.Hold())
	b.SetRows(nil)
	return nil
}

func (s *sum) Interval() time.Duration { return 100 * time.Millisecond }

func (s *sum) Tick(_ context.Context, now int64, final bool, out *flow.Batch) (bool, error) {
	fl := out.Next()
	fl.SetPackets(s.n)
	fl.SetSrcAS(uint32(s.n))
	fl.SetTimeReceived(now)
	held := s.held
	out.OnDone(func(err error) {
		for _, h := range held {
			h(err)
		}
	})
	s.n, s.held = 0, nil
	return false, nil
}

func TestTicksAtAnyBatchSize(t *testing.T) {
	for _, size := range []int{1, 7, 64, 512, 5000} {
		var rec record
		p := pipeline.From(numbers(1050)).Through(&sum{}).To(&rec)
		_, err := run(t, p, pipeline.WithBatchSize(size), pipeline.WithClock(pipeline.EventClock()))
		require.NoError(t, err)
		require.Equal(t, []uint32{100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 50}, rec.got, "batches of %d", size)
	}
}

func TestRepartition(t *testing.T) {
	var rec record
	p := pipeline.From(numbers(10000)).Repartition(3, flow.FieldSrcAS).Through(pipeline.Each(func(*flow.Flow) {})).To(&rec)
	_, err := run(t, p)
	require.NoError(t, err)
	require.Len(t, rec.got, 10000)
}

func TestSinkErrorEndsTheRun(t *testing.T) {
	boom := errors.New("boom")
	p := pipeline.From(numbers(100000)).To(pipeline.NamedSink("bad", pipeline.SinkFunc(func(context.Context, *flow.Batch) error { return boom })))
	stats, err := run(t, p)
	require.ErrorIs(t, err, boom)
	require.EqualError(t, err, "bad: write: boom")
	require.Equal(t, uint64(512), stats.Total().Dropped)
}
