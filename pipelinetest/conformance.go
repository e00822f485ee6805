package pipelinetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
)

// sizes are the batch sizes that the suites try.
var sizes = []int{1, 2, 7, 512}

// TestSource checks that a source keeps its contract: make returns a fresh
// source that ends by itself, with the same flows each time.
func TestSource(t *testing.T, make func() pipeline.Source) {
	t.Helper()
	for name, check := range map[string]func(testing.TB, func() pipeline.Source) error{
		"same flows at any batch size": sameFlows,
		"fields are marked":            marked,
		"stops when told":              stops,
		"pushing changes no flow":      pushes,
	} {
		t.Run(name, func(t *testing.T) { report(t, check(t, make)) })
	}
}

// TestTransform checks that a transform keeps its contract, on flows of
// Generate. make returns a fresh transform.
func TestTransform(t *testing.T, make func() pipeline.Transform) {
	t.Helper()
	for name, check := range map[string]func(testing.TB, func() pipeline.Transform) error{
		"same flows at any batch size":   transformsAlike,
		"leaves other flows alone":       leavesOthers,
		"keeps the selection's order":    keepsOrder,
		"works on an empty selection":    worksEmpty,
		"works on several lanes at once": worksOnLanes,
	} {
		t.Run(name, func(t *testing.T) { report(t, check(t, make)) })
	}
}

// TestSink checks that a sink keeps its contract, on flows of Generate. make
// returns a fresh sink.
func TestSink(t *testing.T, make func() pipeline.Sink) {
	t.Helper()
	for name, check := range map[string]func(testing.TB, func() pipeline.Sink) error{
		"changes no flow":             changesNothing,
		"releases what it retains":    releases,
		"closes without a single one": closesUnused,
	} {
		t.Run(name, func(t *testing.T) { report(t, check(t, make)) })
	}
}

func report(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a plan and returns what is wrong with it.
func run(t testing.TB, p *pipeline.Plan, opts ...pipeline.Option) error {
	pl, err := p.Build(append(opts, pipeline.WithPoison())...)
	if err != nil {
		return err
	}
	return errors.Join(pl.Run(t.Context()), pl.Stats().Check())
}

func sameFlows(t testing.TB, make func() pipeline.Source) error {
	return alike(t, func() pipeline.Stream { return pipeline.From(make()) })
}

func transformsAlike(t testing.TB, make func() pipeline.Transform) error {
	return alike(t, func() pipeline.Stream { return pipeline.From(Generate(2000, 1)).Through(make()) })
}

// alike runs a plan in batches of every size: what comes out must not depend on
// where a batch happened to end.
func alike(t testing.TB, stream func() pipeline.Stream) error {
	var first []byte
	for i, size := range sizes {
		var got bytes.Buffer // JSON tells columns as well
		if err := run(t, stream().To(sink.JSON(&got)), pipeline.WithBatchSize(size), pipeline.WithClock(pipeline.EventClock())); err != nil {
			return fmt.Errorf("in batches of %d: %w", size, err)
		}
		if i == 0 {
			first = got.Bytes()
		} else if !bytes.Equal(first, got.Bytes()) {
			return fmt.Errorf("other flows in batches of %d than of %d", size, sizes[0])
		}
	}
	return nil
}

func marked(t testing.TB, make func() pipeline.Source) error {
	got := Record()
	if err := run(t, pipeline.From(make()).To(got)); err != nil {
		return err
	}
	for _, fl := range got.Flows() {
		if f, bad := fl.Unmarked(); bad {
			return fmt.Errorf("%v is set but not marked: use its Set method", f)
		}
	}
	return nil
}

// stops ends the context from the sink, after the first batch.
func stops(t testing.TB, make func() pipeline.Source) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := sink.Func("stop", func(*flow.Batch) error { cancel(); return nil })
	return pipeline.From(make()).To(stop).Run(ctx, pipeline.WithBatchSize(1), pipeline.WithDrainTimeout(5*time.Second))
}

// pushes compares what a source that takes over filters lets through with what the
// pipeline does, for filters of which some flows match.
func pushes(t testing.TB, make func() pipeline.Source) error {
	src, err := pipeline.MakeSource(make())
	if _, ok := src.(pipeline.Pusher); err != nil || !ok {
		return err
	}
	seen := Record()
	if err := run(t, pipeline.From(make()).To(seen)); err != nil {
		return err
	}
	through := func(s pipeline.Stream, cond filter.Predicate) ([]byte, error) {
		var got bytes.Buffer
		err := run(t, s.Filter(cond).To(sink.JSON(&got)), pipeline.WithClock(pipeline.EventClock()))
		return got.Bytes(), err
	}
	for _, cond := range likely(seen.Flows()) {
		pushed, err := through(pipeline.From(make()), cond)
		if err != nil {
			return fmt.Errorf("with %v: %w", cond, err)
		}
		// Behind another stage the filter is not offered.
		applied, err := through(pipeline.From(make()).Through(pipeline.Each(func(*flow.Flow) {})), cond)
		if err != nil {
			return fmt.Errorf("with %v: %w", cond, err)
		}
		if !bytes.Equal(pushed, applied) {
			return fmt.Errorf("other flows when %v is pushed", cond)
		}
	}
	return nil
}

// likely returns filters that match some of the flows.
func likely(flows []flow.Flow) []filter.Predicate {
	var conds []filter.Predicate
	for i := 0; i < len(flows); i += len(flows)/3 + 1 {
		fl := &flows[i]
		port := filter.Port(fl.SrcPort)
		proto := filter.Proto(fl.Proto)
		long := filter.Between(flow.FieldBytes, fl.Bytes, math.MaxUint64)
		from := filter.Not(filter.Has(flow.FieldSrcAddr))
		if ip := fl.SrcAddr.Netip(); ip.IsValid() {
			from = filter.SrcAddr(netip.PrefixFrom(ip, ip.BitLen()))
		}
		conds = append(conds, port, filter.Not(port), filter.And(proto, long), filter.Or(from, filter.And(proto, long)), filter.Not(filter.And(from, port)))
	}
	return conds
}

// sampled hands fn a batch of generated flows of which every third is selected,
// behind a source that has filled it.
func sampled(t testing.TB, tr pipeline.Transform, check func(before []flow.Flow, rows []uint16, b *flow.Batch) error) error {
	third := 0
	var before []flow.Flow
	var rows []uint16
	narrow := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		b.Keep(func(*flow.Flow) bool { third++; return third%3 == 0 })
		flows, r := b.Raw()
		before, rows = slices.Clone(flows), slices.Clone(r)
		return nil
	})
	look := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error { return check(before, rows, b) })
	return run(t, pipeline.From(Generate(1000, 2)).Through(narrow, tr, look).To(sink.Discard()))
}

func leavesOthers(t testing.TB, make func() pipeline.Transform) error {
	return sampled(t, make(), func(before []flow.Flow, rows []uint16, b *flow.Batch) error {
		after, _ := b.Raw()
		if len(after) < len(before) {
			return errors.New("the batch lost rows")
		}
		for i := range before {
			if !slices.Contains(rows, uint16(i)) && before[i] != after[i] {
				return fmt.Errorf("flow %d was changed although it is not selected", i)
			}
		}
		return nil
	})
}

func keepsOrder(t testing.TB, make func() pipeline.Transform) error {
	return sampled(t, make(), func(_ []flow.Flow, rows []uint16, b *flow.Batch) error {
		_, after := b.Raw()
		for i, r := range after {
			if i > 0 && r <= after[i-1] {
				return errors.New("the selection is not strictly ascending")
			}
			if !slices.Contains(rows, r) {
				return fmt.Errorf("flow %d came back into the selection", r)
			}
		}
		return nil
	})
}

func worksEmpty(t testing.TB, make func() pipeline.Transform) error {
	return run(t, pipeline.From(Generate(10, 3)).Through(pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		b.SetRows(nil)
		return nil
	}), make()).To(sink.Discard()))
}

func worksOnLanes(t testing.TB, make func() pipeline.Transform) error {
	return run(t, pipeline.From(Generate(5000, 4), Generate(5000, 5)).Repartition(2).Through(make()).To(sink.Discard()))
}

func changesNothing(t testing.TB, make func() pipeline.Sink) error {
	var before, after bytes.Buffer
	if err := run(t, pipeline.From(Generate(1000, 6)).To(sink.JSON(&before), make(), sink.JSON(&after))); err != nil {
		return err
	}
	if !bytes.Equal(before.Bytes(), after.Bytes()) {
		return errors.New("flows were changed by the sink")
	}
	return nil
}

func releases(t testing.TB, make func() pipeline.Sink) error {
	for _, size := range sizes {
		if err := run(t, pipeline.From(Generate(300, 7)).To(make()), pipeline.WithBatchSize(size)); err != nil {
			return fmt.Errorf("in batches of %d: %w", size, err)
		}
	}
	return nil
}

func closesUnused(t testing.TB, make func() pipeline.Sink) error {
	return run(t, pipeline.From(Flows()).To(make()))
}
