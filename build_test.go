package pipeline_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// idle is a transform with a little state, so that two of them differ.
type idle struct{ _ int }

func (*idle) Process(context.Context, *flow.Batch) error { return nil }

func TestDescriptionsAreMadeOnceForEachBuild(t *testing.T) {
	sources, transforms := 0, 0
	src := pipeline.NewSource("source", func() (pipeline.Source, error) { sources++; return &probe{}, nil })
	tr := pipeline.NewTransform("transform", func() (pipeline.Transform, error) { transforms++; return &idle{}, nil })
	_, err := pipeline.From(src).Filter(divisible(2)).Through(tr, tr).To(&record{}).Build()
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 1}, [2]int{sources, transforms})
}

func TestAStageStandsInOnePlace(t *testing.T) {
	p, tr := &probe{name: "probe"}, &idle{}
	for want, plan := range map[string]*pipeline.Plan{
		`probe #2: build: the same stage stands in the plan as transform "probe"`: pipeline.From(numbers(1)).Through(p).To(p),
		`b: build: the same stage stands in the plan as sink "a"`:                 pipeline.From(numbers(1)).To(pipeline.NamedSink("a", p), pipeline.NamedSink("b", p)),
		"pipeline_test.idle: build: the same transform stands twice":              pipeline.From(numbers(1)).Through(tr).Repartition(1).Through(tr).To(&record{}),
	} {
		_, err := plan.Build()
		require.ErrorContains(t, err, want)
	}
}

func TestNamedWrapper(t *testing.T) {
	var rec record
	stats, err := run(t, pipeline.From(numbers(10)).To(pipeline.NamedSink("archive", pipeline.Buffered(&rec, 4, pipeline.Block))))
	require.NoError(t, err)
	require.Len(t, rec.got, 10)
	archive, ok := stats.Stage("archive")
	require.True(t, ok)
	require.EqualValues(t, 10, archive.Out)
	_, err = pipeline.MakeSink(pipeline.Buffered(&rec, 4, pipeline.Block))
	require.EqualError(t, err, "buffered 4, block can only stand in a plan")
}

// bound is a sink that knows a field by its name.
type bound struct {
	record
	field string
}

func (s *bound) Bind(l *flow.Layout) error {
	_, ok := l.Lookup(s.field)
	if !ok {
		return errProbe
	}
	return nil
}

func TestBinderKnowsTheLayout(t *testing.T) {
	ext := flow.Extension[uint8]("of_our_own")
	plan := pipeline.From(numbers(1)).To(&bound{field: "of_our_own"})
	_, err := plan.Build(pipeline.WithExtensions(ext))
	require.NoError(t, err)
	_, err = plan.Build()
	require.ErrorContains(t, err, "pipeline_test.bound: build: probe failed")
}
