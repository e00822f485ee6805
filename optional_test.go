package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// pusher is a source that takes over a part of a filter.
type pusher struct {
	pipeline.Source
	can func(filter.Test) bool
	got []string
	err error
}

func (p *pusher) Pushable(cond filter.Predicate) (part, rest filter.Predicate) {
	return filter.Split(cond, p.can)
}

func (p *pusher) Push(part filter.Predicate) error {
	p.got = append(p.got, part.String())
	return p.err
}

func newPusher(fields ...flow.Field) *pusher {
	return &pusher{
		Source: pipeline.SourceFunc((&parts{n: 12, acks: &acks{}}).Read),
		can:    func(t filter.Test) bool { return slices.Contains(fields, t.Fields[0]) },
	}
}

func TestSourceTakesOverWhatItCan(t *testing.T) {
	const expr = "src as 2-9 and bytes <100"
	for _, tt := range []struct {
		fields []flow.Field
		pushed []string
		plan   string
		left   []uint32
	}{
		{nil, nil, "filter src as 2-9 and bytes < 100\n", []uint32{2, 3, 4, 5, 6, 7, 8, 9}},
		{[]flow.Field{flow.FieldBytes}, []string{"bytes < 100"}, "   pushed bytes < 100\nfilter src as 2-9\n", []uint32{2, 3, 4, 5, 6, 7, 8, 9}},
		{[]flow.Field{flow.FieldBytes, flow.FieldSrcAS}, []string{"src as 2-9 and bytes < 100"}, "   pushed src as 2-9 and bytes < 100\n", []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	} {
		var rec record
		src := newPusher(tt.fields...)
		plan := pipeline.From(pipeline.NamedSource("kernel", src)).Filter(filter.Expr(expr)).To(pipeline.NamedSink("sink", &rec))
		require.Equal(t, "from kernel\n"+tt.plan+"to sink\n", plan.String())
		require.Empty(t, src.got, "drawing pushed")
		pl, err := plan.Build()
		require.NoError(t, err)
		require.Equal(t, tt.pushed, src.got)
		require.NoError(t, pl.Run(t.Context()))
		require.Equal(t, tt.left, rec.got, "what was pushed is the source's to refuse, what is left is applied")
	}
}

func TestOnlyTheFilterBehindASingleSourceIsPushed(t *testing.T) {
	cond := filter.Expr("bytes <100")
	for _, plan := range []func(*pusher) *pipeline.Plan{
		func(p *pusher) *pipeline.Plan { return pipeline.From(p, numbers(5)).Filter(cond).To(&record{}) },
		func(p *pusher) *pipeline.Plan {
			return pipeline.From(p).Through(pipeline.Each(func(*flow.Flow) {})).Filter(cond).To(&record{})
		},
	} {
		src := newPusher(flow.FieldBytes)
		require.NotContains(t, plan(src).String(), "pushed")
		_, err := plan(src).Build()
		require.NoError(t, err)
		require.Empty(t, src.got)
	}
	src := newPusher(flow.FieldBytes)
	src.err = errors.New("no kernel")
	_, err := pipeline.From(pipeline.NamedSource("kernel", src)).Filter(cond).To(&record{}).Build()
	require.ErrorContains(t, err, "kernel: build: no kernel")
}

// forker counts its copies and what each sees.
type forker struct {
	forks  *atomic.Int32
	inside atomic.Int32
}

func (f *forker) Fork() (pipeline.Transform, error) {
	f.forks.Add(1)
	return &forker{forks: f.forks}, nil
}

func (f *forker) Process(context.Context, *flow.Batch) error {
	if f.inside.Add(1) > 1 {
		panic("two lanes in one copy")
	}
	f.inside.Add(-1)
	return nil
}

func TestEachLaneHasAFork(t *testing.T) {
	var forks atomic.Int32
	ack := &acks{}
	pl, err := pipeline.From(&parts{n: 5000, acks: ack}).Through(&forker{forks: &forks}, &serial{&probe{name: "locked"}}).To(&record{}).Build(pipeline.WithLanes(3), pipeline.WithBatchSize(8))
	require.NoError(t, err)
	require.NoError(t, pl.Run(t.Context()))
	require.Equal(t, int32(2), forks.Load())
	stats := pl.Stats()
	require.Equal(t, 3, stats.Lanes)
	locked, ok := stats.Stage("locked")
	require.True(t, ok)
	require.True(t, locked.Serialised)
	require.False(t, stats.Stages[1].Serialised)
}

// marker declares a field of its own.
type marker struct{ mark *flow.Ext[uint16] }

func (m marker) Extensions() []flow.Extender { return []flow.Extender{m.mark} }

func (m marker) Process(_ context.Context, b *flow.Batch) error {
	for fl := range b.All() {
		m.mark.Set(b, fl, uint16(fl.SrcAS)+100)
	}
	return nil
}

func TestExtensionsAreDeclared(t *testing.T) {
	mark := flow.Extension[uint16]("mark")
	seen := 0
	look := pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			v, ok := mark.Get(b, fl)
			if ok && v == uint16(fl.SrcAS)+100 {
				seen++
			}
		}
		return nil
	})
	// Through a copying tee, a repartition and a queue.
	p := pipeline.From(numbers(50)).Through(marker{mark}).Repartition(2).Tee(
		pipeline.Through(pipeline.Each(func(*flow.Flow) {})).To(pipeline.Buffered(look, 1, pipeline.Block)),
		pipeline.To(&record{}),
	)
	_, err := run(t, p)
	require.NoError(t, err)
	require.Equal(t, 50, seen)

	_, err = p.Build(pipeline.WithExtensions(flow.Extension[uint8]("mark")))
	require.ErrorContains(t, err, `extension "mark": the name is taken`)
}
