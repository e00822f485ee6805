package source

import (
	"context"
	"io"
	"iter"
	"slices"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Flows gives copies of flows, in their order. Their symbols are those of the
// pipeline's table, if they have any. Every run starts anew.
func Flows(flows ...flow.Flow) pipeline.Source {
	flows = slices.Clone(flows)
	return pipeline.NewSource("flows", func() (pipeline.Source, error) {
		return &sliceSource{left: flows}, nil
	})
}

type sliceSource struct{ left []flow.Flow }

func (s *sliceSource) Read(ctx context.Context, b *flow.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(s.left) == 0 {
		return io.EOF
	}
	for len(s.left) > 0 && !b.Full() {
		*b.Next() = s.left[0]
		s.left = s.left[1:]
	}
	return nil
}

// Replays reports true: flows that are all there tell their own time.
func (s *sliceSource) Replays() bool { return true }

// Seq gives the flows of an iterator, which must not wait: ticks and shutdown
// would wait with it. Every run iterates anew, on one goroutine.
func Seq(seq iter.Seq[flow.Flow]) pipeline.Source {
	return pipeline.NewSource("seq", func() (pipeline.Source, error) {
		if seq == nil {
			return nil, errNil("iterator")
		}
		return &seqSource{seq: seq}, nil
	})
}

type seqSource struct {
	seq  iter.Seq[flow.Flow]
	next func() (flow.Flow, bool)
	stop func()
}

func (s *seqSource) Read(ctx context.Context, b *flow.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.next == nil {
		s.next, s.stop = iter.Pull(s.seq)
	}
	for !b.Full() {
		fl, ok := s.next()
		if !ok {
			break
		}
		*b.Next() = fl
	}
	if b.Len() == 0 {
		return io.EOF
	}
	return nil
}

func (s *seqSource) Close(context.Context) error {
	if s.stop != nil {
		s.stop()
	}
	return nil
}

// Replays reports true.
func (s *seqSource) Replays() bool { return true }
