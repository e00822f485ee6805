package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// The twin is a pipeline that works on one flow at a time, in the plainest way.
// Random plans are built twice, once with the builder and once as a twin, and
// must deliver the same flows to the same sinks.

// twinFlow is all that the twin knows of a flow.
type twinFlow struct{ src, dst uint32 }

// twinStep does what a step does to one flow; false if it does not go on.
type twinStep func(*twinFlow) bool

func chain(steps []twinStep) twinStep {
	return func(f *twinFlow) bool {
		for _, s := range steps {
			if !s(f) {
				return false
			}
		}
		return true
	}
}

// planner makes random plans.
type planner struct {
	*rand.Rand
	sinks []*twinSink
	depth int
}

// twinSink is where the twin and the pipeline leave flows to be compared.
type twinSink struct {
	mu        sync.Mutex
	got, want []twinFlow
	ordered   bool
}

func (s *twinSink) take(b *flow.Batch, keep func(*flow.Flow) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for fl := range b.All() {
		if keep == nil || keep(fl) {
			s.got = append(s.got, twinFlow{fl.SrcAS, fl.DstAS})
		}
	}
}

func (s *twinSink) Write(_ context.Context, b *flow.Batch) error {
	s.take(b, nil)
	return nil
}

func (p *planner) sink() *twinSink {
	s := &twinSink{}
	p.sinks = append(p.sinks, s)
	return s
}

// picky delivers the flows that it likes and says which it does not.
type picky struct {
	to    *twinSink
	likes func(*flow.Flow) bool
}

var errPicky = errors.New("picky")

func (s *picky) Write(_ context.Context, b *flow.Batch) error {
	var bad []uint16
	flows, rows := b.Raw()
	for _, i := range rows {
		if !s.likes(&flows[i]) {
			bad = append(bad, i)
		}
	}
	s.to.take(b, s.likes)
	if bad == nil {
		return nil
	}
	return &flow.PartialError{Rows: bad, Err: errPicky}
}

// late keeps batches and delivers them on another goroutine.
type late struct {
	to   *twinSink
	work sync.WaitGroup
}

func (s *late) Write(_ context.Context, b *flow.Batch) error {
	v := b.Retain()
	s.work.Go(func() {
		s.to.take(v.Batch(), nil)
		v.Release(nil)
	})
	return nil
}

func (s *late) Close(context.Context) error {
	s.work.Wait()
	return nil
}

func likes(fl *flow.Flow) bool { return fl.SrcAS%7 != 3 }

// end makes a random end of a path.
func (p *planner) end() (pipeline.End, twinStep) {
	deliver := func(s *twinSink) twinStep {
		return func(f *twinFlow) bool { s.want = append(s.want, *f); return false }
	}
	split := func(good, bad *twinSink) twinStep {
		return func(f *twinFlow) bool {
			if f.src%7 != 3 {
				good.want = append(good.want, *f)
			} else if bad != nil {
				bad.want = append(bad.want, *f)
			}
			return false
		}
	}
	s := p.sink()
	switch p.IntN(11) {
	case 0:
		return pipeline.To(pipeline.Buffered(s, 1+p.IntN(4), pipeline.Block)), deliver(s)
	case 1:
		return pipeline.To(&late{to: s}), deliver(s)
	case 2:
		return pipeline.To(pipeline.DropFailed(&picky{s, likes})), split(s, nil)
	case 3:
		dead := p.sink()
		return pipeline.To(pipeline.DeadLetter(&finishingLate{to: &picky{s, likes}}, dead)), split(s, dead)
	case 4:
		dead := p.sink()
		return pipeline.To(pipeline.Buffered(pipeline.DeadLetter(&picky{s, likes}, &late{to: dead}), 2, pipeline.Block)), split(s, dead)
	case 5:
		// Likes every flow the second time that it sees it.
		seen := map[uint32]bool{}
		var mu sync.Mutex
		moody := func(fl *flow.Flow) bool {
			mu.Lock()
			defer mu.Unlock()
			return fl.SrcAS%5 != 1 || seen[fl.SrcAS]
		}
		flaky := pipeline.SinkFunc(func(ctx context.Context, b *flow.Batch) error {
			err := (&picky{s, moody}).Write(ctx, b)
			mu.Lock()
			defer mu.Unlock()
			for fl := range b.All() {
				seen[fl.SrcAS] = true
			}
			return err
		})
		return pipeline.To(pipeline.Retry(flaky, pipeline.Backoff{First: time.Nanosecond, Most: time.Microsecond})), deliver(s)
	case 6:
		other := p.sink()
		s.ordered = true
		return pipeline.To(s, other), func(f *twinFlow) bool {
			s.want, other.want = append(s.want, *f), append(other.want, *f)
			return false
		}
	case 7, 8:
		if p.depth < 3 {
			return p.tee()
		}
	case 9:
		if p.depth < 3 {
			return p.choice()
		}
	}
	s.ordered = true
	return pipeline.To(s), deliver(s)
}

func (p *planner) tee() (pipeline.End, twinStep) {
	p.depth++
	defer func() { p.depth-- }()
	var ends []pipeline.End
	var twins []twinStep
	for range 1 + p.IntN(3) {
		path, twin := p.path()
		end, last := p.end()
		ends = append(ends, join(path, end))
		twins = append(twins, chain([]twinStep{twin, last}))
	}
	return pipeline.Tee(ends...), func(f *twinFlow) bool {
		for _, t := range twins {
			own := *f
			t(&own)
		}
		return false
	}
}

// join puts an end behind a path: a tee of one path.
func join(p pipeline.Path, e pipeline.End) pipeline.End { return p.Tee(e) }

func (p *planner) choice() (pipeline.End, twinStep) {
	p.depth++
	defer func() { p.depth-- }()
	arms, twin := p.arms(true)
	return pipeline.Switch(arms...), func(f *twinFlow) bool {
		twin(f)
		return false
	}
}

func (p *planner) arms(end bool) ([]pipeline.Arm, twinStep) {
	var arms []pipeline.Arm
	var conds []func(twinFlow) bool
	var twins []twinStep
	n := 1 + p.IntN(3)
	for i := range n {
		path, twin := p.path()
		var to pipeline.Route = path
		if end || p.IntN(3) == 0 {
			e, last := p.end()
			to, twin = join(path, e), chain([]twinStep{twin, last})
		}
		cond, naive := p.condition()
		// The last of several arms may be an Otherwise, if it comes back.
		if _, open := to.(pipeline.Path); i == n-1 && (open || end) && p.IntN(2) == 0 {
			arms = append(arms, pipeline.Otherwise(to))
			naive = func(twinFlow) bool { return true }
		} else {
			arms = append(arms, pipeline.When(cond, to))
		}
		conds, twins = append(conds, naive), append(twins, twin)
	}
	return arms, func(f *twinFlow) bool {
		for i, c := range conds {
			if c(*f) {
				return twins[i](f)
			}
		}
		return true
	}
}

func (p *planner) condition() (filter.Predicate, func(twinFlow) bool) {
	m, r := uint32(2+p.IntN(4)), uint32(p.IntN(3))
	dst := p.IntN(2) == 0
	naive := func(f twinFlow) bool {
		if dst {
			return f.dst%m == r
		}
		return f.src%m == r
	}
	return filter.Func(fmt.Sprint(m, r, dst), func(fl *flow.Flow) bool { return naive(twinFlow{fl.SrcAS, fl.DstAS}) }), naive
}

// path makes a random open path.
func (p *planner) path() (pipeline.Path, twinStep) {
	var path pipeline.Path
	var twins []twinStep
	for range p.IntN(4) {
		switch p.IntN(4) {
		case 0:
			cond, naive := p.condition()
			path = path.Filter(cond)
			twins = append(twins, func(f *twinFlow) bool { return naive(*f) })
		case 1:
			if p.depth < 3 {
				p.depth++
				arms, twin := p.arms(false)
				p.depth--
				path, twins = path.Branch(arms...), append(twins, twin)
			}
		default:
			k := uint32(p.IntN(100))
			change := func(dst uint32) uint32 { return dst*31 + k }
			path = path.Through(pipeline.Each(func(fl *flow.Flow) { fl.SetDstAS(change(fl.DstAS)) }))
			twins = append(twins, func(f *twinFlow) bool { f.dst = change(f.dst); return true })
		}
	}
	return path, chain(twins)
}

// parts is a source that can be split. It counts completions.
type parts struct {
	n, of, first int
	acks         *acks
}

type acks struct{ began, done, failed atomic.Int64 }

func (s *parts) Split(n int) ([]pipeline.Source, error) {
	var out []pipeline.Source
	for i := range n {
		out = append(out, &parts{n: s.n, of: n, first: i, acks: s.acks})
	}
	return out, nil
}

func (s *parts) Read(_ context.Context, b *flow.Batch) error {
	s.acks.began.Add(1)
	var once atomic.Bool
	b.OnDone(func(err error) {
		if once.Swap(true) {
			panic("completed twice")
		}
		if err != nil {
			s.acks.failed.Add(1)
		}
		s.acks.done.Add(1)
	})
	for ; s.first < s.n; s.first += max(s.of, 1) {
		fl := b.Next()
		if fl == nil {
			return nil
		}
		fl.SetSrcAS(uint32(s.first))
		fl.SetDstAS(uint32(s.first * 3))
	}
	return io.EOF
}

func TestPlansAgreeWithTheirTwin(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 60
	}
	delivered := 0
	for seed := range uint64(rounds) {
		p := &planner{Rand: rand.New(rand.NewPCG(seed, 1))}
		const flows = 700
		lanes, size := 1+p.IntN(3), []int{1, 3, 64, 512}[p.IntN(4)]
		ack := &acks{}
		path, twin := p.path()
		end, last := p.end()
		stream := pipeline.From(&parts{n: flows, acks: ack})
		parted := p.IntN(4) == 0
		if parted {
			stream = stream.Repartition(1+p.IntN(3), flow.FieldSrcAS)
		}
		plan := stream.Tee(join(path, end))

		pl, err := plan.Build(pipeline.WithLanes(lanes), pipeline.WithBatchSize(size), pipeline.WithPoison())
		require.NoError(t, err, "seed %d\n%v", seed, plan)
		require.NoError(t, pl.Run(t.Context()), "seed %d\n%v", seed, plan)
		require.NoError(t, pl.Stats().Check(), "seed %d\n%v", seed, plan)
		require.Equal(t, ack.began.Load(), ack.done.Load(), "seed %d", seed)
		require.Zero(t, ack.failed.Load(), "seed %d", seed)

		for i := range uint32(flows) {
			f := twinFlow{i, i * 3}
			chain([]twinStep{twin, last})(&f)
		}
		for i, s := range p.sinks {
			if !s.ordered || lanes > 1 || parted {
				byNumber := func(a, b twinFlow) int { return int(a.src) - int(b.src) }
				slices.SortFunc(s.got, byNumber)
			}
			require.Equal(t, s.want, s.got, "seed %d, sink %d of\n%v", seed, i, plan)
			delivered += len(s.got)
		}
	}
	require.Greater(t, delivered, rounds*300, "most plans must deliver something")
}
