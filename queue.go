package pipeline

import (
	"context"
	"fmt"
	"sync"

	"github.com/flowpipeline/pipeline/flow"
)

// Overflow says what a full queue does.
type Overflow int

// What a full queue does.
const (
	Block      Overflow = iota // the path waits
	DropNewest                 // the batch that comes is dropped, counted
	DropOldest                 // the batch that waited longest is dropped, counted
)

// String returns the policy's name.
func (o Overflow) String() string {
	switch o {
	case Block:
		return "block"
	case DropNewest:
		return "drop newest"
	case DropOldest:
		return "drop oldest"
	}
	return fmt.Sprintf("overflow %d", int(o))
}

// Buffered is a sink with a queue of depth batches in front of s and a goroutine
// that empties it. Flows that the queue drops count as finished: their source is
// told nothing of it. What waits when the run ends is delivered within the drain
// timeout.
func Buffered(s Sink, depth int, o Overflow) Sink {
	return &bufferedSpec{wrapped{fmt.Sprintf("buffered %d, %v", depth, o), []Sink{s}}, depth, o}
}

type bufferedSpec struct {
	wrapped
	depth    int
	overflow Overflow
}

func (s *bufferedSpec) check() error {
	if s.overflow < Block || s.overflow > DropOldest {
		return fmt.Errorf("no such policy: %v", s.overflow)
	}
	return atLeast("depth", s.depth, 1)
}

func (s *bufferedSpec) handles(int) bool { return false }

func (s *bufferedSpec) bind(self *sinkNode, in []*sinkNode) Sink {
	self.passesOn = true
	b := &buffered{node: self, to: in[0], overflow: s.overflow, queue: make(chan *flow.View, s.depth)}
	self.meter.queued = func() int { return len(b.queue) }
	self.abandon = b.giveUp
	return b
}

type buffered struct {
	node     *sinkNode
	to       *sinkNode
	overflow Overflow
	queue    chan *flow.View
	worker   sync.WaitGroup
}

func (q *buffered) Concurrent() bool { return true }

// Open starts the worker.
func (q *buffered) Open(_ context.Context, env Env) error {
	q.worker.Go(func() {
		for v := range q.queue {
			q.pass(env.stageCtx, v)
		}
	})
	return nil
}

// Write implements Sink. The flows count as delivered now; what fails later is
// taken back.
func (q *buffered) Write(ctx context.Context, b *flow.Batch) error {
	v := b.Retain()
	for {
		select {
		case q.queue <- v:
			return nil
		default:
		}
		switch q.overflow {
		case Block:
			select {
			case q.queue <- v:
				return nil
			case <-ctx.Done():
				err := context.Cause(ctx)
				v.Release(err)
				return err
			}
		case DropNewest:
			q.drop(v, nil)
			return nil
		case DropOldest:
			select {
			case oldest := <-q.queue:
				q.drop(oldest, nil)
			default:
			}
		}
	}
}

// pass hands one batch to the sink behind the queue.
func (q *buffered) pass(ctx context.Context, v *flow.View) {
	if ctx.Err() != nil {
		q.drop(v, q.node.fail("drain", context.Cause(ctx)))
		return
	}
	b := v.Batch()
	if err := q.to.write(ctx, b, nil); err != nil {
		q.drop(v, err)
		return
	}
	v.Release(nil)
}

func (q *buffered) drop(v *flow.View, err error) {
	count := v.Batch().Len()
	if err != nil {
		count = len(v.Batch().Runtime().Failed(err))
	}
	q.node.unsend(count, err == nil)
	v.Release(err)
}

// giveUp drops what waits, since the sink behind the queue does not come back.
func (q *buffered) giveUp(err error) {
	for {
		select {
		case v, ok := <-q.queue:
			if !ok {
				return
			}
			q.drop(v, err)
		default:
			return
		}
	}
}

// Close delivers what waits, and ends the worker.
func (q *buffered) Close(context.Context) error {
	close(q.queue)
	q.worker.Wait()
	return nil
}
