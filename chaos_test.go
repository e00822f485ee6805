package pipeline_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// delaying is an aggregator that takes some flows out and gives them back at the
// next tick. It holds the batches that they came from until those that carry them
// are finished.
type delaying struct {
	every time.Duration
	kept  []uint32
	held  []func(error)
	round *round
}

func (d *delaying) Process(_ context.Context, b *flow.Batch) error {
	before := len(d.kept)
	b.Keep(func(fl *flow.Flow) bool {
		if fl.SrcAS%4 == 1 {
			d.kept = append(d.kept, fl.SrcAS)
			return false
		}
		return true
	})
	if len(d.kept) > before {
		d.held = append(d.held, b.Hold())
	}
	return nil
}

func (d *delaying) Interval() time.Duration { return d.every }

func (d *delaying) Tick(_ context.Context, now int64, _ bool, out *flow.Batch) (bool, error) {
	if d.round == nil {
		d.round = &round{held: d.held, open: 1}
		d.held = nil
	}
	d.round.add()
	out.OnDone(d.round.done)
	for ; len(d.kept) > 0; d.kept = d.kept[1:] {
		fl := out.Next()
		if fl == nil {
			return true, nil
		}
		fl.SetSrcAS(d.kept[0])
		fl.SetTimeReceived(now)
	}
	d.round.done(nil)
	d.round = nil
	return false, nil
}

func (d *delaying) Fork() (pipeline.Transform, error) { return &delaying{every: d.every}, nil }

// round is what one tick gave back, in as many batches as it took.
type round struct {
	mu   sync.Mutex
	open int
	err  error
	held []func(error)
}

func (r *round) add() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open++
}

func (r *round) done(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
	if r.open--; r.open == 0 {
		for _, release := range r.held {
			release(r.err)
		}
	}
}

// moody is a sink that fails one call in so many: all of a batch or a part, at
// once or late, or by a panic.
type moody struct {
	*rand.Rand
	every int // 0 for never
	mu    sync.Mutex
	late  sync.WaitGroup
}

func (s *moody) Write(_ context.Context, b *flow.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	mood := s.IntN(5)
	if s.every > 0 && s.IntN(s.every) == 0 {
		_, rows := b.Raw()
		switch mood {
		case 0, 1:
			err = errProbe
		case 2, 3:
			err = &flow.PartialError{Rows: append([]uint16(nil), rows[:1+s.IntN(len(rows))]...), Err: errProbe}
		case 4:
			panic("moody")
		}
	}
	if mood == 1 || mood == 3 {
		v, wait := b.Retain(), time.Duration(s.IntN(50))*time.Microsecond
		s.late.Go(func() { time.Sleep(wait); v.Release(err) })
		return nil
	}
	return err
}

func (s *moody) Close(context.Context) error {
	s.late.Wait()
	return nil
}

// chaos makes random plans of everything that can fail.
type chaos struct {
	*rand.Rand
	every int  // of the sinks
	drops bool // something drops flows on purpose
	depth int
}

func (c *chaos) sink() pipeline.Sink {
	s := func(every int) pipeline.Sink { return &moody{Rand: rand.New(rand.NewPCG(c.Uint64(), 1)), every: every} }
	backoff := pipeline.Backoff{First: 1, Most: 1000, Attempts: 1 + c.IntN(3)}
	queue := 1 + c.IntN(3)
	switch c.IntN(11) {
	case 0:
		return pipeline.Buffered(s(c.every), queue, pipeline.Block)
	case 1:
		return pipeline.Buffered(pipeline.Retry(s(c.every), backoff), queue, pipeline.Block)
	case 2:
		return pipeline.Retry(pipeline.Buffered(s(c.every), queue, pipeline.Block), backoff)
	case 3:
		return pipeline.DeadLetter(s(2), s(c.every))
	case 4:
		return pipeline.DeadLetter(pipeline.Buffered(s(2), queue, pipeline.Block), s(c.every))
	case 5:
		return pipeline.Buffered(pipeline.DeadLetter(pipeline.Retry(s(2), backoff), s(c.every)), queue, pipeline.Block)
	case 6:
		c.drops = true
		return pipeline.Buffered(pipeline.DropFailed(s(3)), queue, pipeline.Block)
	case 7:
		c.drops = true
		return pipeline.Buffered(s(c.every), queue, pipeline.Overflow(1+c.IntN(2)))
	}
	return s(c.every)
}

func (c *chaos) path() pipeline.Path {
	var p pipeline.Path
	for range c.IntN(4) {
		switch c.IntN(4) {
		case 0:
			p = p.Filter(divisible(uint32(2 + c.IntN(3))))
		case 1:
			if c.depth < 2 {
				c.depth++
				p = p.Branch(c.arms(false)...)
				c.depth--
			}
		case 2:
			p = p.Through(&delaying{every: time.Duration(c.IntN(3)) * 50 * time.Millisecond})
		default:
			p = p.Through(pipeline.Each(func(fl *flow.Flow) { fl.SetDstAS(fl.DstAS + 1) }))
		}
	}
	return p
}

func (c *chaos) arms(end bool) []pipeline.Arm {
	var arms []pipeline.Arm
	for range 1 + c.IntN(3) {
		p := c.path()
		var to pipeline.Route = p
		if end || c.IntN(3) == 0 {
			to = c.end(p)
		}
		arms = append(arms, pipeline.When(divisible(uint32(1+c.IntN(4))), to))
	}
	return arms
}

func (c *chaos) end(p pipeline.Path) pipeline.End {
	if c.depth < 2 {
		c.depth++
		defer func() { c.depth-- }()
		switch c.IntN(4) {
		case 0:
			ends := make([]pipeline.End, 1+c.IntN(3))
			for i := range ends {
				ends[i] = c.end(c.path())
			}
			return p.Tee(ends...)
		case 1:
			return p.Switch(c.arms(true)...)
		}
	}
	s := c.sink()
	if c.IntN(5) == 0 {
		return p.To(s, s)
	}
	return p.To(s)
}

// milliseconds is parts with times a millisecond apart, until its context ends.
type milliseconds struct{ parts }

func (s *milliseconds) Read(ctx context.Context, b *flow.Batch) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err := s.parts.Read(ctx, b)
	for fl := range b.All() {
		fl.SetTimeReceived(int64(fl.SrcAS) * int64(time.Millisecond))
	}
	return err
}

// TestChaos runs random plans whose sinks fail in every way, some of them
// cancelled: whatever happens, the counters balance, every batch is finished once,
// nothing is lost without an error or a counter, and nothing is left running.
func TestChaos(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	rounds := uint64(500)
	if testing.Short() {
		rounds = 100
	}
	for seed := range rounds {
		c := &chaos{Rand: rand.New(rand.NewPCG(seed, 77))}
		c.every = []int{0, 0, 3, 20}[c.IntN(4)]
		ack := &acks{}
		var sources []pipeline.Source
		for range 1 + c.IntN(2) {
			sources = append(sources, &milliseconds{parts{n: 300, acks: ack}})
		}
		stream := pipeline.From(sources...)
		if c.IntN(3) == 0 {
			stream = stream.Through(&delaying{every: 10 * time.Millisecond}).Repartition(1+c.IntN(3), flow.FieldSrcAS)
		}
		plan := stream.Tee(c.end(c.path()))
		opts := []pipeline.Option{pipeline.WithLanes(1 + c.IntN(2)), pipeline.WithBatchSize([]int{1, 5, 64}[c.IntN(3)]), pipeline.WithPoison()}
		if c.IntN(2) == 0 {
			opts = append(opts, pipeline.WithClock(pipeline.EventClock()))
		}
		ctx, cancel := context.WithCancel(t.Context())
		if c.IntN(3) == 0 {
			time.AfterFunc(time.Duration(c.IntN(2000))*time.Microsecond, cancel)
			opts = append(opts, pipeline.WithDrainTimeout(time.Duration(c.IntN(2))*500*time.Microsecond))
		}
		pl, err := plan.Build(opts...)
		require.NoError(t, err, "seed %d\n%v", seed, plan)
		err = pl.Run(ctx)
		cancel()
		stats := pl.Stats()
		require.NoError(t, stats.Check(), "seed %d: %v\n%v", seed, err, plan)
		require.Equal(t, ack.began.Load(), ack.done.Load(), "seed %d: %v\n%v", seed, err, plan)
		if ack.failed.Load() > 0 {
			require.Error(t, err, "seed %d: %d batches failed\n%v", seed, ack.failed.Load(), plan)
		}
		if stats.Total().Dropped > 0 && !c.drops {
			require.Positive(t, ack.failed.Load(), "seed %d: %d flows dropped and no source heard: %v\n%v", seed, stats.Total().Dropped, err, plan)
		}
	}
}
