package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Backoff says how Retry waits: First before the second attempt, twice as long
// before each one after it, but never more than Most.
type Backoff struct {
	First    time.Duration // 0 means 100 ms
	Most     time.Duration // 0 means 30 s
	Attempts int           // in all; 0 means until the context ends
}

func (bo Backoff) withDefaults() Backoff {
	if bo.First == 0 {
		bo.First = 100 * time.Millisecond
	}
	if bo.Most == 0 {
		bo.Most = max(30*time.Second, bo.First)
	}
	return bo
}

// Retry is a sink that writes to s again the flows that s failed to deliver. It
// waits for s to let go of each batch, so put it behind Buffered where the path
// must not wait.
func Retry(s Sink, bo Backoff) Sink {
	return &retrySpec{wrapped{"retry", []Sink{s}}, bo.withDefaults()}
}

type retrySpec struct {
	wrapped
	backoff Backoff
}

func (s *retrySpec) check() error {
	if b := s.backoff; b.First < 0 || b.Most < b.First || b.Attempts < 0 {
		return fmt.Errorf("a backoff from %v to %v in %d attempts makes no sense", b.First, b.Most, b.Attempts)
	}
	return nil
}

func (s *retrySpec) bind(self *sinkNode, in []*sinkNode) Sink {
	return &retry{node: self, to: in[0], backoff: s.backoff}
}

type retry struct {
	node    *sinkNode
	to      *sinkNode
	backoff Backoff
}

func (r *retry) Concurrent() bool { return true }

// Write implements Sink.
func (r *retry) Write(ctx context.Context, b *flow.Batch) error {
	_, rows := b.Raw()
	wait := r.backoff.First
	for attempt := 1; ; attempt++ {
		var rest []uint16
		err := b.Within(rows, func() (err error) {
			rest, err = deliver(ctx, r.to, b)
			return err
		})
		if err == nil {
			return nil
		}
		rows = rest
		if attempt == r.backoff.Attempts {
			return partial(rows, fmt.Errorf("after %d attempts: %w", attempt, err))
		}
		if sleep(ctx, wait) != nil {
			return partial(rows, fmt.Errorf("after %d attempts: %w", attempt, errors.Join(context.Cause(ctx), err)))
		}
		wait = min(2*wait, r.backoff.Most)
		r.node.meter.retries.Add(1)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// DeadLetter is a sink that writes to dead the flows that s failed to deliver.
// It fails only if dead does. Put Retry around s to try again first.
func DeadLetter(s, dead Sink) Sink {
	return &deadLetterSpec{wrapped{"dead letter", []Sink{s, dead}}}
}

type deadLetterSpec struct{ wrapped }

func (s *deadLetterSpec) bind(_ *sinkNode, in []*sinkNode) Sink {
	return &deadLetter{to: in[0], dead: in[1]}
}

type deadLetter struct{ to, dead *sinkNode }

func (d *deadLetter) Concurrent() bool { return true }

// Write implements Sink.
func (d *deadLetter) Write(ctx context.Context, b *flow.Batch) error {
	failed, cause := deliver(ctx, d.to, b)
	if cause == nil {
		return nil
	}
	return b.Within(failed, func() error {
		lost, err := deliver(ctx, d.dead, b)
		if err == nil {
			return nil
		}
		return partial(lost, errors.Join(err, cause))
	})
}

// DropFailed is a sink that counts as dropped the flows that s failed to
// deliver, and goes on.
func DropFailed(s Sink) Sink {
	return &dropFailedSpec{wrapped{"drop failed", []Sink{s}}}
}

type dropFailedSpec struct{ wrapped }

func (s *dropFailedSpec) bind(self *sinkNode, in []*sinkNode) Sink {
	return &dropFailed{node: self, to: in[0]}
}

type dropFailed struct{ node, to *sinkNode }

func (d *dropFailed) Concurrent() bool { return true }

// Write implements Sink.
func (d *dropFailed) Write(ctx context.Context, b *flow.Batch) error {
	if failed, err := deliver(ctx, d.to, b); err != nil {
		if ctx.Err() != nil {
			return partial(failed, err)
		}
		d.node.unsend(len(failed), true)
	}
	return nil
}
