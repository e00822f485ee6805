package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// probe is a stage of every kind that counts its life and fails where it is
// told to.
type probe struct {
	name           string
	opened, closed atomic.Int32
	failAt         string // open, call, panic, close
	after          int    // calls before it fails
	calls          atomic.Int32
}

var errProbe = errors.New("probe failed")

func (p *probe) String() string { return p.name }

func (p *probe) Open(context.Context, pipeline.Env) error {
	if p.failAt == "open" {
		return errProbe
	}
	p.opened.Add(1)
	return nil
}

func (p *probe) Close(context.Context) error {
	p.closed.Add(1)
	if p.failAt == "close" {
		return errProbe
	}
	return nil
}

func (p *probe) call() error {
	if int(p.calls.Add(1)) <= p.after {
		return nil
	}
	switch p.failAt {
	case "call":
		return errProbe
	case "panic":
		panic("probe panics")
	}
	return nil
}

func (p *probe) Read(ctx context.Context, b *flow.Batch) error {
	if err := p.call(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	b.Next().SetSrcAS(uint32(p.calls.Load()))
	if p.failAt == "eof" && p.calls.Load() > 20 {
		return io.EOF
	}
	return nil
}

func (p *probe) Process(context.Context, *flow.Batch) error { return p.call() }

func (p *probe) Write(context.Context, *flow.Batch) error { return p.call() }

// TestEveryEnd ends a run by an end of the source, by its context, and by an
// error or a panic of each stage in each call, and looks at what is left.
func TestEveryEnd(t *testing.T) {
	stages := []string{"source", "first", "in arm", "sink", "queued", "worker"}
	for _, at := range stages {
		for _, how := range []string{"open", "call", "panic", "close"} {
			t.Run(how+" of "+at, func(t *testing.T) { testEnd(t, stages, at, how) })
		}
	}
	t.Run("cancel", func(t *testing.T) { testEnd(t, stages, "", "cancel") })
	t.Run("eof", func(t *testing.T) { testEnd(t, stages, "source", "eof") })
}

func testEnd(t *testing.T, stages []string, at, how string) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	probes := map[string]*probe{}
	for _, s := range stages {
		probes[s] = &probe{name: s, after: 5}
	}
	if at != "" {
		probes[at].failAt = how
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	src := pipeline.Source(probes["source"])
	p := pipeline.From(src).
		Through(probes["first"]).
		Branch(pipeline.When(divisible(3), pipeline.Through(probes["in arm"]))).
		Repartition(2, flow.FieldSrcAS).
		Through(pipeline.Transform(&serial{probes["worker"]})).
		To(probes["sink"], pipeline.Buffered(probes["queued"], 2, pipeline.Block))
	if how == "cancel" || how == "close" {
		time.AfterFunc(5*time.Millisecond, cancel)
	}
	pl, err := p.Build(pipeline.WithPoison())
	require.NoError(t, err)
	err = pl.Run(ctx)
	switch how {
	case "cancel", "eof":
		require.NoError(t, err)
	case "panic":
		require.ErrorIs(t, err, pipeline.ErrPanic)
		require.ErrorContains(t, err, "probe panics")
	default:
		require.ErrorIs(t, err, errProbe)
	}
	if err != nil {
		var se *pipeline.StageError
		require.ErrorAs(t, err, &se)
		require.Equal(t, at, se.Stage)
		require.Equal(t, how == "panic", se.Op == "panic")
	}
	require.NoError(t, pl.Stats().Check())
	for name, pr := range probes {
		require.Equal(t, pr.opened.Load(), pr.closed.Load(), "%s: opened and closed", name)
		require.LessOrEqual(t, pr.opened.Load(), int32(1), name)
	}
	require.ErrorContains(t, pl.Run(ctx), "has been run already")
}

// serial keeps a transform from being mistaken for another kind of stage.
type serial struct{ *probe }

func TestBuildReportsEveryMistake(t *testing.T) {
	bad := errors.New("no such file type")
	p := pipeline.From(pipeline.NewSource("in", func() (pipeline.Source, error) { return nil, bad })).
		Filter(filter.Invalid(errors.New("syntax"))).
		Through(nil, pipeline.NewTransform("t", func() (pipeline.Transform, error) { return nil, errors.New("no table") })).
		Branch().
		Branch(pipeline.Otherwise(pipeline.To(&record{})), pipeline.When(divisible(2), nil)).
		Branch(pipeline.When(divisible(2), pipeline.To(&record{})), pipeline.Otherwise(pipeline.To(&record{}))).
		Repartition(0).
		To(pipeline.Buffered(&record{}, 0, 9), pipeline.Retry(nil, pipeline.Backoff{Attempts: -1}))
	_, err := p.Build(pipeline.WithBatchSize(0), pipeline.WithLanes(-1), pipeline.WithClock(nil))
	require.ErrorIs(t, err, bad)
	for _, want := range []string{
		"pipeline: build: WithBatchSize: 0 is less than 1",
		"pipeline: build: WithLanes: -1 is less than 1",
		"pipeline: build: WithClock: no clock",
		"in: build: no such file type",
		"filter invalid: build: syntax",
		"nil: build: stage is nil",
		"t: build: no table",
		"branch: build: no arms",
		"branch #2: build: otherwise must be the last arm",
		"the arm leads nowhere",
		"branch #3: build: nothing comes back from it",
		"repartition 0: build: lanes: 0 is less than 1",
		"no such policy: overflow 9",
		"a backoff from 100ms to 30s in -1 attempts makes no sense",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = pipeline.From().To().Build()
	require.ErrorContains(t, err, "a plan needs a source")
	require.ErrorContains(t, err, "no sinks")
}

func TestPlanBuildsManyTimes(t *testing.T) {
	var rec record
	p := pipeline.From(numbers(100)).Filter(divisible(2)).To(&rec)
	for range 3 {
		require.NoError(t, p.Run(t.Context()))
	}
	require.Len(t, rec.got, 150)
}

func TestSinkThatIgnoresTheDrainTimeout(t *testing.T) {
	release := make(chan struct{})
	stuck := pipeline.NamedSink("stuck", pipeline.SinkFunc(func(context.Context, *flow.Batch) error {
		<-release
		return nil
	}))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	p := pipeline.From(&probe{name: "source"}).To(stuck)
	pl, err := p.Build(pipeline.WithDrainTimeout(20 * time.Millisecond))
	require.NoError(t, err)
	err = pl.Run(ctx)
	require.ErrorIs(t, err, pipeline.ErrDrainTimeout)
	require.ErrorContains(t, err, "stuck: drain: drain timeout is over, and the stage ignores it")
	require.Equal(t, uint64(1), pl.Stats().Total().Dropped)
	close(release)
}

func TestSlowSinkIsCutOffByTheDrainTimeout(t *testing.T) {
	slow := pipeline.NamedSink("slow", pipeline.SinkFunc(func(ctx context.Context, _ *flow.Batch) error {
		<-ctx.Done()
		return ctx.Err()
	}))
	for name, sink := range map[string]pipeline.Sink{"direct": slow, "queued": pipeline.Buffered(slow, 4, pipeline.Block)} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(10*time.Millisecond, cancel)
			pl, err := pipeline.From(&probe{name: "source"}).To(sink).Build(pipeline.WithDrainTimeout(20 * time.Millisecond))
			require.NoError(t, err)
			err = pl.Run(ctx)
			require.ErrorIs(t, err, pipeline.ErrDrainTimeout)
			require.ErrorContains(t, err, "slow: write:")
			require.NoError(t, pl.Stats().Check())
			require.Zero(t, pl.Stats().Total().Delivered)
		})
	}
}

func TestEndOfSourceWaitsForTheQueue(t *testing.T) {
	var rec record
	slow := pipeline.SinkFunc(func(ctx context.Context, b *flow.Batch) error {
		time.Sleep(2 * time.Millisecond)
		return rec.Write(ctx, b)
	})
	_, err := run(t, pipeline.From(numbers(200)).To(pipeline.Buffered(slow, 100, pipeline.Block)),
		pipeline.WithBatchSize(10), pipeline.WithDrainTimeout(0))
	require.NoError(t, err)
	require.Len(t, rec.got, 200)
}

func TestDropPolicies(t *testing.T) {
	for _, policy := range []pipeline.Overflow{pipeline.DropNewest, pipeline.DropOldest} {
		t.Run(policy.String(), func(t *testing.T) {
			var rec record
			full := make(chan struct{})
			slow := pipeline.SinkFunc(func(ctx context.Context, b *flow.Batch) error {
				<-full
				return rec.Write(ctx, b)
			})
			ack := &acks{}
			all, end := &parts{n: 1000, acks: ack}, false
			source := pipeline.SourceFunc(func(ctx context.Context, b *flow.Batch) error {
				if end { // all that came before is in the queue, or was dropped
					close(full)
					return io.EOF
				}
				err := all.Read(ctx, b)
				end = err == io.EOF
				if end {
					return nil
				}
				return err
			})
			stats, err := run(t, pipeline.From(source).To(pipeline.Buffered(slow, 2, policy)), pipeline.WithBatchSize(10))
			require.NoError(t, err)
			require.Equal(t, ack.began.Load(), ack.done.Load())
			require.Zero(t, ack.failed.Load())
			require.Equal(t, uint64(1000), uint64(len(rec.got))+stats.Total().Dropped)
			require.Positive(t, stats.Total().Dropped)
			newest := rec.got[len(rec.got)-1] == 999
			require.Equal(t, policy == pipeline.DropOldest, newest)
		})
	}
}

func TestUnreleasedViewIsReported(t *testing.T) {
	keeper := pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		b.Retain()
		return nil
	})
	err := pipeline.From(numbers(10)).To(keeper).Run(t.Context())
	require.ErrorContains(t, err, "1 batches were never finished")
}

func TestLateFailureEndsTheRun(t *testing.T) {
	lateFail := pipeline.NamedSink("late", pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		v := b.Retain()
		go v.Release(&flow.PartialError{Rows: []uint16{1, 2}, Err: io.ErrShortWrite})
		return nil
	}))
	ack := &acks{}
	pl, err := pipeline.From(&parts{n: 10, acks: ack}).To(lateFail).Build()
	require.NoError(t, err)
	err = pl.Run(t.Context())
	if err == nil {
		// The release came after the end of the run, which then has told that
		// the batch was not finished.
		t.Fatal("no error")
	}
	require.Eventually(t, func() bool { return ack.done.Load() == 1 }, time.Second, time.Millisecond)
	require.Equal(t, int64(1), ack.failed.Load())
	total := pl.Stats().Total()
	require.Equal(t, uint64(2), total.Dropped)
	require.Equal(t, uint64(8), total.Delivered)
}

func TestDrawing(t *testing.T) {
	p := pipeline.From(numbers(1)).
		Filter(filter.And(divisible(2), filter.Not(divisible(3)))).
		Branch(
			pipeline.When(divisible(4), pipeline.Through(pipeline.NamedTransform("mark", pipeline.Each(func(*flow.Flow) {})))),
			pipeline.When(divisible(5), pipeline.To(pipeline.NamedSink("five", &record{}))),
		).
		Repartition(2).
		Tee(
			pipeline.To(pipeline.Buffered(pipeline.NamedSink("a", &record{}), 8, pipeline.DropOldest)),
			pipeline.Filter(divisible(7)).To(pipeline.DeadLetter(pipeline.NamedSink("b", &record{}), pipeline.NamedSink("c", &record{}))),
		)
	require.Equal(t, strings.TrimLeft(`
from numbers
filter divisible by 2 and not divisible by 3
branch
├─ when divisible by 4
│  through mark
└─ when divisible by 5
   to five
repartition 2 by 5-tuple
tee
├─ path
│  to buffered 8, drop oldest
│     → a
└─ path
   filter divisible by 7
   to dead letter
      → b
      → c
`, "\n"), p.String())
}

func TestObserver(t *testing.T) {
	var opened, closed, batches, failed []string
	o := pipeline.Observer{
		Opened: func(s string) { opened = append(opened, s) },
		Closed: func(s string) { closed = append(closed, s) },
		Batch:  func(e pipeline.BatchEvent) { batches = append(batches, fmt.Sprint(e.Stage, " ", e.In, " ", e.Out)) },
		Failed: func(e *pipeline.StageError) { failed = append(failed, e.Stage) },
	}
	src, sink := &probe{name: "src", failAt: "eof", after: 20}, &probe{name: "dst", failAt: "call", after: 100}
	require.NoError(t, pipeline.From(src).Filter(filter.None()).To(sink).Run(t.Context(), pipeline.WithObserver(o)))
	require.Equal(t, []string{"src", "filter not any", "dst"}, opened)
	require.Equal(t, []string{"src", "dst"}, closed)
	require.Contains(t, batches, "filter not any 1 0")
	require.Empty(t, failed)
}

// listError is an error that cannot be compared with ==.
type listError struct{ list []string }

func (e listError) Error() string { return strings.Join(e.list, ", ") }

func TestErrorsNeedNotBeComparable(t *testing.T) {
	fails := pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		for range 3 {
			b.Hold()(listError{[]string{"a", "b"}})
		}
		return nil
	})
	err := pipeline.From(numbers(2000)).To(fails).Run(t.Context())
	require.EqualError(t, err, "pipeline.SinkFunc: write: a, b")
}

// TestStuckSinkBehindARepartition gives up one lane; the other must end, and what
// waits for both is counted.
func TestStuckSinkBehindARepartition(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	release := make(chan struct{})
	defer close(release)
	stuck := pipeline.NamedSink("stuck", pipeline.SinkFunc(func(context.Context, *flow.Batch) error {
		<-release
		return nil
	}))
	hold := pipeline.NamedTransform("hold", &stuckFirst{release: release})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	p := pipeline.From(numbers(100000)).Through(hold).Repartition(3, flow.FieldSrcAS).To(stuck)
	pl, err := p.Build(pipeline.WithDrainTimeout(10*time.Millisecond), pipeline.WithBatchSize(16))
	require.NoError(t, err)
	require.ErrorIs(t, pl.Run(ctx), pipeline.ErrDrainTimeout)
	require.Zero(t, pl.Stats().Total().Delivered)
}

// stuckFirst passes some batches and then does not come back.
type stuckFirst struct {
	n       int
	release chan struct{}
}

func (s *stuckFirst) Process(context.Context, *flow.Batch) error {
	if s.n++; s.n > 3 {
		<-s.release
	}
	return nil
}

// TestDeadLetterOfAHold has a sink fail a batch as a whole, later, without a view.
func TestDeadLetterOfAHold(t *testing.T) {
	var dead record
	holder := pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		release := b.Hold()
		time.AfterFunc(time.Millisecond, func() { release(errProbe) })
		return nil
	})
	_, err := run(t, pipeline.From(numbers(100)).To(pipeline.DeadLetter(holder, &dead)))
	require.NoError(t, err)
	require.Len(t, dead.got, 100)
}

// settler is a source that looks at what it knows when it settles.
type settler struct {
	probe
	finished, settled int
	err               error
}

func (s *settler) Read(_ context.Context, b *flow.Batch) error {
	b.Next()
	b.OnDone(func(error) { s.finished++ })
	return io.EOF
}

func (s *settler) Settle(context.Context) error {
	s.settled = s.finished
	return s.err
}

// closeRelease is a sink that lets go of its flows when it closes.
type closeRelease struct{ view *flow.View }

func (s *closeRelease) Write(_ context.Context, b *flow.Batch) error {
	s.view = b.Retain()
	return nil
}

func (s *closeRelease) Close(context.Context) error {
	s.view.Release(nil)
	return nil
}

func TestSourceSettlesBehindAllStages(t *testing.T) {
	s := &settler{}
	require.NoError(t, pipeline.From(s).To(&closeRelease{}).Run(t.Context()))
	require.Equal(t, 1, s.settled)

	s = &settler{err: errProbe}
	err := pipeline.From(s).To(&closeRelease{}).Run(t.Context())
	var se *pipeline.StageError
	require.ErrorAs(t, err, &se)
	require.Equal(t, "settle", se.Op)
	require.ErrorIs(t, err, errProbe)

	// A stage that did not open has nothing to settle.
	s = &settler{probe: probe{failAt: "open"}}
	s.finished = 7
	require.ErrorIs(t, pipeline.From(s).To(&closeRelease{}).Run(t.Context()), errProbe)
	require.Zero(t, s.settled)
}
