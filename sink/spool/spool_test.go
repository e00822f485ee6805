package spool_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/sink/spool"
)

func TestContract(t *testing.T) {
	pipelinetest.TestSink(t, func() pipeline.Sink { return spool.To(sink.Discard(), t.TempDir()) })
}

func TestDelivers(t *testing.T) {
	for name, opts := range map[string][]spool.Option{
		"default":   nil,
		"sync each": {spool.Sync(0)},
		"no sync":   {spool.NoSync()},
		"one":       {spool.InFlight(1)},
	} {
		t.Run(name, func(t *testing.T) {
			to, dir := &target{}, t.TempDir()
			src, acks := pipelinetest.Acked(&numbered{to: 5000, n: 70})
			stats := pipelinetest.Run(t, pipeline.From(src).To(spool.To(to, dir, opts...)))
			require.Equal(t, upTo(5000), to.numbers())
			require.NoError(t, acks.Check())
			require.Equal(t, 5000, counter(t, stats, "delivered_flows"))
			require.Zero(t, counter(t, stats, "replayed_flows"))
			require.Zero(t, counter(t, stats, "spooled_flows"))
			segments, err := filepath.Glob(filepath.Join(dir, "*.spool"))
			require.NoError(t, err)
			require.Empty(t, segments)
		})
	}
}

// TestWaitsForTheNextRun ends a run whose target is down: its source is told that all
// is delivered, nothing fails, and the next run delivers it first.
func TestWaitsForTheNextRun(t *testing.T) {
	dir := t.TempDir()
	to := &target{down: true}
	src, acks := pipelinetest.Acked(&numbered{to: 3000, n: 512})
	stats := pipelinetest.Run(t, pipeline.From(src).To(spool.To(to, dir, quick)))
	require.NoError(t, acks.Check())
	require.Equal(t, 3000, counter(t, stats, "spooled_flows"))
	require.Positive(t, counter(t, stats, "spooled_bytes"))
	require.Positive(t, counter(t, stats, "target_errors"))
	age := time.Since(time.Unix(int64(counter(t, stats, "oldest_unix_seconds")), 0))
	require.Less(t, age, time.Hour)
	require.Empty(t, to.numbers())

	to = &target{}
	stats = pipelinetest.Run(t, pipeline.From(&numbered{at: 3000, to: 4000, n: 100}).To(spool.To(to, dir)))
	require.Equal(t, upTo(4000), to.numbers())
	require.Equal(t, 3000, counter(t, stats, "replayed_flows"))
	require.Equal(t, 4000, counter(t, stats, "delivered_flows"))
	require.Zero(t, counter(t, stats, "spooled_flows"))
	require.Zero(t, counter(t, stats, "oldest_unix_seconds"))
}

// TestTargetComesBack goes up and down while flows come.
func TestTargetComesBack(t *testing.T) {
	to := &target{}
	n := 0
	src := &numbered{to: 20_000, n: 50}
	src.hook = func() {
		n++
		to.set(n%20 > 10)
		time.Sleep(100 * time.Microsecond)
	}
	src.end = func() {
		to.set(false)
		to.until(20_000)()
	}
	pipelinetest.Run(t, pipeline.From(src).To(spool.To(to, t.TempDir(), quick)))
	require.Equal(t, upTo(20_000), to.numbers())
}

// TestOneAmongMany has another sink beside the spool fail: the source hears of that,
// although the spool took the flows.
func TestOneAmongMany(t *testing.T) {
	to, dir := &target{}, t.TempDir()
	src, acks := pipelinetest.Acked(&numbered{to: 100, n: 10})
	even := filter.Func("even", func(fl *flow.Flow) bool { return fl.Bytes%2 == 0 })
	_, err := pipelinetest.RunError(t, pipeline.From(src).Tee(
		pipeline.Switch(pipeline.When(even, pipeline.To(spool.To(to, dir))), pipeline.Otherwise(pipeline.To(sink.Discard()))),
		pipeline.To(pipelinetest.Refuse(errDown)),
	))
	require.ErrorIs(t, err, errDown)
	require.NotEmpty(t, acks.Errors())
	require.Equal(t, []uint64{0, 2, 4, 6, 8}, to.numbers()[:5])
}

// TestLateTarget retains batches, fails some flows of each at random, and has them
// delivered again, those alone.
func TestLateTarget(t *testing.T) {
	to := &target{}
	late := pipelinetest.Late(pipelinetest.Flaky(to, errDown, 0.02, 1))
	stats := pipelinetest.Run(t, pipeline.From(&numbered{to: 6000, n: 100, end: to.until(6000)}).To(spool.To(late, t.TempDir(), quick)))
	got := to.numbers()
	slices.Sort(got)
	require.Equal(t, upTo(6000), got)
	require.Equal(t, 6000, counter(t, stats, "delivered_flows"))
	require.Positive(t, counter(t, stats, "target_errors"))
	require.Zero(t, counter(t, stats, "spooled_flows"))
}

// hoarder lets go of nothing before it is closed.
type hoarder struct {
	views []*flow.View
	got   []uint64
}

func (h *hoarder) Write(_ context.Context, b *flow.Batch) error {
	h.views = append(h.views, b.Retain())
	return nil
}

func (h *hoarder) Close(context.Context) error {
	for _, v := range h.views {
		for fl := range v.Batch().All() {
			h.got = append(h.got, fl.Bytes)
		}
		v.Release(nil)
	}
	return nil
}

func TestTargetThatDeliversAtItsEnd(t *testing.T) {
	h := &hoarder{}
	stats := pipelinetest.Run(t, pipeline.From(&numbered{to: 1000, n: 100}).To(spool.To(h, t.TempDir())))
	require.Equal(t, upTo(1000), h.got)
	require.Zero(t, counter(t, stats, "spooled_flows"))
}

// TestTargetThatCannotOpen opens it again until it can be.
func TestTargetThatCannotOpen(t *testing.T) {
	to := &target{}
	opens := 0
	done := make(chan struct{})
	shut := pipeline.NewSink("shut", func() (pipeline.Sink, error) { return &door{target: to, opens: &opens, done: done}, nil })
	src := &numbered{to: 1000, n: 500, end: func() { <-done }}
	stats := pipelinetest.Run(t, pipeline.From(src).To(spool.To(shut, t.TempDir(), quick)))
	require.Equal(t, upTo(1000), to.numbers())
	require.Equal(t, 4, opens)
	require.GreaterOrEqual(t, counter(t, stats, "target_errors"), 3)
}

// door is a target that opens at the fourth attempt.
type door struct {
	*target
	opens *int
	done  chan struct{}
}

func (d *door) Open(context.Context, pipeline.Env) error {
	if *d.opens++; *d.opens < 4 {
		return errDown
	}
	close(d.done)
	return nil
}

func TestGivesUp(t *testing.T) {
	to := &target{}
	picky := sink.Func("picky", func(b *flow.Batch) error {
		for fl := range b.All() {
			if fl.Bytes == 150 {
				return errDown
			}
		}
		return to.Write(t.Context(), b)
	})
	stats := pipelinetest.Run(t, pipeline.From(&numbered{to: 300, n: 100, end: to.until(200)}).To(
		spool.To(picky, t.TempDir(), spool.Backoff(pipeline.Backoff{First: time.Microsecond, Most: time.Microsecond, Attempts: 3}))))
	require.Equal(t, append(upTo(100), upTo(300)[200:]...), to.numbers())
	require.Equal(t, 100, counter(t, stats, "refused_flows"))
	require.Equal(t, 3, counter(t, stats, "target_errors"))
	require.Zero(t, counter(t, stats, "spooled_flows"))
}

func TestPanic(t *testing.T) {
	stats := pipelinetest.Run(t, pipeline.From(&numbered{to: 10, n: 10}).To(spool.To(pipelinetest.Panic(), t.TempDir(), quick)))
	require.Equal(t, 10, counter(t, stats, "spooled_flows"))
}

// TestFull fills a spool whose target is down.
func TestFull(t *testing.T) {
	const flows = 200_000
	bound := []spool.Option{quick, spool.MaxBytes(1 << 20), spool.SegmentBytes(64 << 10)}
	t.Run("block", func(t *testing.T) {
		to := &target{down: true}
		src := &numbered{to: flows, n: 500}
		p, err := pipeline.From(src).To(spool.To(to, t.TempDir(), bound...)).Build()
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- p.Run(t.Context()) }()
		require.Eventually(t, func() bool {
			before := soFar(p, "spooled_bytes")
			time.Sleep(20 * time.Millisecond)
			return before > 1<<20-64<<10 && before == soFar(p, "spooled_bytes")
		}, time.Minute, time.Millisecond)
		to.set(false)
		require.NoError(t, <-ended)
		require.Equal(t, upTo(flows), to.numbers())
	})
	t.Run("block until the run ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		to, dir := &target{down: true}, t.TempDir()
		p, err := pipeline.From(&numbered{to: flows, n: 500}).To(spool.To(to, dir, bound...)).Build(pipeline.WithDrainTimeout(20 * time.Millisecond))
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		require.Eventually(t, func() bool { return soFar(p, "spooled_bytes") > 1<<20-64<<10 }, time.Minute, time.Millisecond)
		cancel()
		<-ended // an error if the spool was full by then
		left := counter(t, p.Stats(), "spooled_flows")
		require.NoError(t, p.Stats().Check())
		to = &target{}
		pipelinetest.Run(t, pipeline.From(pipelinetest.Flows()).To(spool.To(to, dir)))
		require.Equal(t, upTo(uint64(left)), to.numbers())
	})
	for _, o := range []pipeline.Overflow{pipeline.DropNewest, pipeline.DropOldest} {
		t.Run(o.String(), func(t *testing.T) {
			dir := t.TempDir()
			src, acks := pipelinetest.Acked(&numbered{to: flows, n: 500})
			stats := pipelinetest.Run(t, pipeline.From(src).To(spool.To(&target{down: true}, dir, append(bound, spool.OnFull(o))...)))
			require.NoError(t, acks.Check())
			dropped, left := counter(t, stats, "dropped_flows"), counter(t, stats, "spooled_flows")
			require.Positive(t, dropped)
			to := &target{}
			pipelinetest.Run(t, pipeline.From(pipelinetest.Flows()).To(spool.To(to, dir)))
			got := to.numbers()
			require.Len(t, got, left)
			require.True(t, slices.IsSorted(got))
			if o == pipeline.DropNewest {
				require.Equal(t, flows, dropped+left)
				require.Zero(t, got[0])
			} else {
				// The first was under way when its file was dropped.
				require.LessOrEqual(t, flows-dropped-left, 512)
				require.EqualValues(t, flows-1, got[len(got)-1])
			}
		})
	}
}

// TestDamage has the disk change a file between two runs.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	pipelinetest.Run(t, pipeline.From(&numbered{to: 300, n: 100}).To(spool.To(&target{down: true}, dir, quick)))
	segments, err := filepath.Glob(filepath.Join(dir, "*.spool"))
	require.NoError(t, err)
	p, err := os.ReadFile(segments[0])
	require.NoError(t, err)
	p[len(p)/2] ^= 1 // in the second record
	require.NoError(t, os.WriteFile(segments[0], p, 0o600))
	to := &target{}
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows()).To(spool.To(to, dir)))
	require.Equal(t, append(upTo(100), upTo(300)[200:]...), to.numbers())
	require.Equal(t, 100, counter(t, stats, "corrupt_flows"))
	require.Equal(t, 1, counter(t, stats, "corrupt_records"))
}

func TestExtensionsOfTheTarget(t *testing.T) {
	dir := t.TempDir()
	label := flow.Extension[flow.Symbol]("label")
	set := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			label.Set(b, fl, b.Symbols().Intern("customer 7"))
		}
		return nil
	})
	pipelinetest.Run(t, pipeline.From(pipelinetest.Generate(10, 1)).Through(set).
		To(spool.To(&target{down: true}, dir, quick)), pipeline.WithExtensions(label))
	var out strings.Builder
	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows()).To(spool.To(sink.JSON(&out), dir)), pipeline.WithExtensions(label))
	require.Equal(t, 10, strings.Count(out.String(), `"label":"customer 7"`))
}

func TestMistakes(t *testing.T) {
	_, err := pipeline.From(pipelinetest.Flows()).To(
		spool.To(sink.Discard(), "", spool.MaxBytes(1), spool.OnFull(7), spool.Sync(-1), spool.InFlight(0),
			spool.Backoff(pipeline.Backoff{First: -1})),
		spool.To(sink.Discard(), "x", spool.SegmentBytes(1)),
		spool.To(pipeline.Retry(sink.Discard(), pipeline.Backoff{}), "x"),
	).Build()
	for _, text := range []string{"directory is empty", "MaxBytes: 1 ", "overflow 7", "Sync: -1ns", "InFlight: 0", "Backoff: from -1ns",
		"SegmentBytes: 1 ", "retry can only stand in a plan"} {
		require.ErrorContains(t, err, text)
	}
}

func TestErrorOfClose(t *testing.T) {
	_, err := pipelinetest.RunError(t, pipeline.From(&numbered{to: 1, n: 1}).To(spool.To(&sticky{}, t.TempDir())))
	require.ErrorIs(t, err, errDown)
}

// sticky is a target that cannot be closed.
type sticky struct{ target }

func (*sticky) Close(context.Context) error { return errDown }
