package source_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

// acked gives the flows at the times in one batch, then ends with end, and notes
// what became of the batch.
func acked(end error, became *[]error, times ...int64) pipeline.Source {
	return source.Func("acked", func(_ context.Context, b *flow.Batch) error {
		if times == nil {
			return end
		}
		b.OnDone(func(err error) { *became = append(*became, err) })
		for _, n := range times {
			*b.Next() = at(n)
		}
		times = nil
		return nil
	})
}

func TestMergeDeliversWhatItHoldsBeforeAnError(t *testing.T) {
	boom := errors.New("boom")
	var left, right []error
	got := pipelinetest.Record()
	_, err := pipelinetest.RunError(t, pipeline.From(source.Merge(
		acked(boom, &left, 1, 3),
		acked(io.EOF, &right, 2, 4, 5),
	)).To(got))
	require.ErrorIs(t, err, boom)
	require.Equal(t, []uint32{1, 2, 3, 4, 5}, numbers(got.Flows()))
	require.Equal(t, []error{nil}, left)
	require.Equal(t, []error{nil}, right)
}

func TestMergePassesFailuresToItsParts(t *testing.T) {
	boom := errors.New("boom")
	var left, right []error
	refuse := sink.Func("refuse", func(*flow.Batch) error { return boom })
	_, err := pipelinetest.RunError(t, pipeline.From(source.Merge(
		acked(io.EOF, &left, 1, 3),
		acked(io.EOF, &right, 2),
	)).To(refuse), pipeline.WithBatchSize(1))
	require.ErrorIs(t, err, boom)
	require.Len(t, left, 1)
	require.Error(t, left[0], "one of its flows was refused, the other never passed on")
	require.Len(t, right, 1)
	require.Error(t, right[0], "its flow was never delivered")
}

// TestMergeGivesWhatItHoldsWhenStopped cancels a merge whose parts have more in
// memory than a batch takes.
func TestMergeGivesWhatItHoldsWhenStopped(t *testing.T) {
	var left, right []error
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	count := sink.Each("count", func(*flow.Flow) error { n++; cancel(); return nil })
	plan := pipeline.From(source.Merge(acked(io.EOF, &left, 1, 3, 5), acked(io.EOF, &right, 2, 4))).To(count)
	require.NoError(t, plan.Run(ctx, pipeline.WithBatchSize(1)))
	require.Equal(t, 5, n)
	require.Equal(t, []error{nil}, left)
	require.Equal(t, []error{nil}, right)
}

// holder gives flows without end, and one only when it is drained.
type holder struct {
	fl  *flow.Flow
	now int64
}

func (h *holder) Read(ctx context.Context, b *flow.Batch) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	default:
		h.now++
		*b.Next() = at(h.now)
		return nil
	}
}

func (h *holder) Drain(_ context.Context, b *flow.Batch) error {
	if h.fl == nil {
		return io.EOF
	}
	*b.Next(), h.fl = *h.fl, nil
	return nil
}

// TestMergeDrainsTheOthersWhenAPartFails has one part fail while another holds a
// flow.
func TestMergeDrainsTheOthersWhenAPartFails(t *testing.T) {
	boom := errors.New("boom")
	var left []error
	held := at(1000)
	got := pipelinetest.Record()
	_, err := pipelinetest.RunError(t, pipeline.From(source.Merge(acked(boom, &left, 5), &holder{fl: &held})).To(got), pipeline.WithBatchSize(4))
	require.ErrorIs(t, err, boom)
	n := numbers(got.Flows())
	require.EqualValues(t, 1000, n[len(n)-1])
}
