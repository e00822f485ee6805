package source

import (
	"context"
	"io"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Channel gives the flows that ch carries, and ends when it is closed. A
// buffered channel costs less than one that is not, and Func less than either.
func Channel(ch <-chan flow.Flow) pipeline.Source {
	return pipeline.NewSource("channel", func() (pipeline.Source, error) {
		if ch == nil {
			return nil, errNil("channel")
		}
		return &chanSource{ch: ch}, nil
	})
}

type chanSource struct{ ch <-chan flow.Flow }

func (s *chanSource) Read(ctx context.Context, b *flow.Batch) error {
	timeout, stop := until(b.Deadline())
	defer stop()
	for !b.Full() {
		select {
		case fl, ok := <-s.ch:
			if !ok {
				return endOf(b)
			}
			*b.Next() = fl
			continue
		default:
		}
		if b.Len() > 0 {
			return nil
		}
		select {
		case fl, ok := <-s.ch:
			if !ok {
				return io.EOF
			}
			*b.Next() = fl
		case <-timeout:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// until returns a channel that speaks when the deadline is over, and what stops
// it; the zero deadline never comes.
func until(deadline time.Time) (<-chan time.Time, func() bool) {
	if deadline.IsZero() {
		return nil, func() bool { return false }
	}
	t := time.NewTimer(time.Until(deadline))
	return t.C, t.Stop
}

// endOf is what Read returns at the end: the flows first, io.EOF the next time.
func endOf(b *flow.Batch) error {
	if b.Len() > 0 {
		return nil
	}
	return io.EOF
}
