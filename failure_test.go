package pipeline_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// partly is a sink that fails the rows that fail returns, with a PartialError.
func partly(fail func(flows []flow.Flow, rows []uint16) []uint16) pipeline.Sink {
	return pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		return &flow.PartialError{Rows: fail(b.Raw()), Err: errProbe}
	})
}

// TestRowsOfAPartialErrorAreChecked has a sink name rows that are not selected,
// that stand twice, that are none, and no row at all.
func TestRowsOfAPartialErrorAreChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		rows func([]flow.Flow, []uint16) []uint16
		lost int
	}{
		"every row, selected or not": {func(flows []flow.Flow, _ []uint16) (all []uint16) {
			for i := range flows {
				all = append(all, uint16(i))
			}
			return all
		}, 2},
		"one row four times":   {func(_ []flow.Flow, rows []uint16) []uint16 { return []uint16{rows[1], rows[1], rows[1], rows[1]} }, 1},
		"a row beyond the end": {func([]flow.Flow, []uint16) []uint16 { return []uint16{60000} }, 0},
		"no row":               {func([]flow.Flow, []uint16) []uint16 { return nil }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var dead record
			s := partly(tt.rows)
			for i, to := range []pipeline.Sink{s, pipeline.DropFailed(s), pipeline.Buffered(pipeline.DropFailed(s), 2, pipeline.Block), pipeline.DeadLetter(s, &dead)} {
				stats, err := run(t, pipeline.From(numbers(10)).Filter(divisible(5)).To(to))
				require.EqualValues(t, tt.lost, stats.Total().Dropped+uint64(len(dead.got)), to)
				if i == 0 && tt.lost > 0 {
					require.ErrorIs(t, err, errProbe)
				} else {
					require.NoError(t, err)
				}
			}
			require.Len(t, dead.got, tt.lost)
		})
	}
}

// TestAFlowFailsOnce has sinks fail the same flows in several ways at once.
func TestAFlowFailsOnce(t *testing.T) {
	for name, write := range map[string]func(b *flow.Batch) error{
		"released and returned": func(b *flow.Batch) error { b.Retain().Release(errProbe); return errProbe },
		"two views": func(b *flow.Batch) error {
			v, w := b.Retain(), b.Retain()
			v.Release(errProbe)
			w.Release(errProbe)
			return nil
		},
		"a hold": func(b *flow.Batch) error { b.Hold()(errProbe); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			stats, err := run(t, pipeline.From(numbers(10)).To(pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error { return write(b) })))
			require.ErrorIs(t, err, errProbe)
			require.Equal(t, pipeline.Totals{In: 10, Dropped: 10}, stats.Total())
		})
	}
}

// finishingLate writes to another sink on a goroutine of its own.
type finishingLate struct {
	to   pipeline.Sink
	work sync.WaitGroup
}

func (s *finishingLate) Write(ctx context.Context, b *flow.Batch) error {
	v := b.Retain()
	s.work.Go(func() { v.Release(s.to.Write(ctx, v.Batch())) })
	return nil
}

func (s *finishingLate) Close(context.Context) error {
	s.work.Wait()
	return nil
}

// TestWrappersLearnWhichFlowsFailed puts a queue, and a sink that finishes late,
// between a wrapper and the sink that fails some flows.
func TestWrappersLearnWhichFlowsFailed(t *testing.T) {
	for name, between := range map[string]func(pipeline.Sink) pipeline.Sink{
		"queue":     func(s pipeline.Sink) pipeline.Sink { return pipeline.Buffered(s, 2, pipeline.Block) },
		"late sink": func(s pipeline.Sink) pipeline.Sink { return &finishingLate{to: s} },
		"queue of a late sink": func(s pipeline.Sink) pipeline.Sink {
			return pipeline.Buffered(&finishingLate{to: s}, 2, pipeline.Block)
		},
	} {
		t.Run(name, func(t *testing.T) {
			good, dead := &twinSink{}, &record{}
			stats, err := run(t, pipeline.From(numbers(70)).To(pipeline.DeadLetter(between(&picky{good, likes}), dead)))
			require.NoError(t, err)
			require.Len(t, good.got, 60)
			require.Len(t, dead.got, 10)
			require.Zero(t, stats.Total().Dropped)

			// Refuses some flows of the first batch that it sees, which is all of them.
			got, tries := map[uint32]int{}, 0
			moody := pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
				var bad []uint16
				flows, rows := b.Raw()
				for _, i := range rows {
					if fl := &flows[i]; tries == 0 && !likes(fl) {
						bad = append(bad, i)
					} else {
						got[fl.SrcAS]++
					}
				}
				if tries++; len(bad) > 0 {
					return &flow.PartialError{Rows: bad, Err: errProbe}
				}
				return nil
			})
			_, err = run(t, pipeline.From(numbers(70)).To(pipeline.Retry(between(moody), pipeline.Backoff{First: 1, Attempts: 2})))
			require.NoError(t, err)
			require.Len(t, got, 70)
			for n, times := range got {
				require.Equal(t, 1, times, "flow %d", n)
			}
		})
	}
}

func TestRetryGivesUpOnEveryPart(t *testing.T) {
	halves := pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		_, rows := b.Raw()
		for _, part := range [][]uint16{rows[:len(rows)/2], rows[len(rows)/2:]} {
			_ = b.Within(part, func() error {
				v := b.Retain()
				go v.Release(&flow.PartialError{Rows: part, Err: errProbe})
				return nil
			})
		}
		return nil
	})
	stats, err := run(t, pipeline.From(numbers(10)).To(pipeline.Retry(halves, pipeline.Backoff{First: 1, Attempts: 2})))
	require.ErrorIs(t, err, errProbe)
	require.Equal(t, pipeline.Totals{In: 10, Dropped: 10}, stats.Total())
}

// TestSilentDropsShowAtTheTop looks at the totals, which count a wrapped sink by
// what stands in front of it.
func TestSilentDropsShowAtTheTop(t *testing.T) {
	refusing := func() pipeline.Sink { return pipeline.DropFailed(&picky{&twinSink{}, likes}) }
	for name, s := range map[string]pipeline.Sink{
		"queue":        pipeline.Buffered(refusing(), 2, pipeline.Block),
		"retry":        pipeline.Retry(refusing(), pipeline.Backoff{}),
		"two queues":   pipeline.Buffered(pipeline.Buffered(refusing(), 2, pipeline.Block), 2, pipeline.Block),
		"dead letters": pipeline.DeadLetter(refusing(), &record{}),
	} {
		stats, err := run(t, pipeline.From(numbers(70)).To(s))
		require.NoError(t, err, name)
		require.Equal(t, pipeline.Totals{In: 70, Delivered: 60, Dropped: 10}, stats.Total(), name)
	}
}

func TestStuckSinkBehindAQueue(t *testing.T) {
	release := make(chan struct{})
	stuck := pipeline.NamedSink("stuck", pipeline.SinkFunc(func(context.Context, *flow.Batch) error { <-release; return nil }))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	queue := pipeline.Buffered(pipeline.Buffered(stuck, 2, pipeline.Block), 2, pipeline.Block)
	pl, err := pipeline.From(&probe{name: "source"}).To(queue).Build(pipeline.WithDrainTimeout(10 * time.Millisecond))
	require.NoError(t, err)
	require.ErrorIs(t, pl.Run(ctx), pipeline.ErrDrainTimeout)
	total := pl.Stats().Total()
	require.Zero(t, total.Delivered)
	require.Equal(t, total.In, total.Dropped)
	close(release)
}
