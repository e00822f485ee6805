package pipeline_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// pusher is a source that takes over a filter.
type pusher struct {
	pipeline.Source
	rest filter.Predicate
	got  string
}

func (p *pusher) Push(cond filter.Predicate) (filter.Predicate, error) {
	p.got = cond.String()
	return p.rest, nil
}

func TestFilterIsOfferedToTheSource(t *testing.T) {
	for _, rest := range []filter.Predicate{filter.All(), divisible(3)} {
		var rec record
		src := &pusher{Source: pipeline.SourceFunc((&parts{n: 12, acks: &acks{}}).Read), rest: rest}
		pl, err := pipeline.From(src).Filter(divisible(2)).To(&rec).Build()
		require.NoError(t, err)
		require.Equal(t, "divisible by 2", src.got)
		require.NoError(t, pl.Run(t.Context()))
		if rest.IsAll() {
			require.Len(t, rec.got, 12, "the source was to see to it")
			require.Len(t, pl.Stats().Stages, 2)
		} else {
			require.Equal(t, []uint32{0, 3, 6, 9}, rec.got, "the rest is still applied")
		}
	}
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
