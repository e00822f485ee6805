package pipelinetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

var _ = UpdateFlag()

func TestOurOwnStages(t *testing.T) {
	t.Run("capture", func(t *testing.T) {
		TestSource(t, func() pipeline.Source { return Capture("../testdata/web.pcap") })
	})
	t.Run("generate", func(t *testing.T) { TestSource(t, func() pipeline.Source { return Generate(3000, 9) }) })
	var lines bytes.Buffer
	Run(t, pipeline.From(Generate(100, 1)).To(sink.JSON(&lines)))
	t.Run("json", func(t *testing.T) {
		TestSource(t, func() pipeline.Source { return source.JSONReader("lines", bytes.NewReader(lines.Bytes())) })
	})
	var messages bytes.Buffer
	Run(t, pipeline.From(Generate(100, 1)).To(sink.Proto(&messages)))
	t.Run("proto", func(t *testing.T) {
		TestSource(t, func() pipeline.Source { return source.ProtoReader("messages", bytes.NewReader(messages.Bytes())) })
	})
	t.Run("flows", func(t *testing.T) {
		TestSource(t, func() pipeline.Source { return Flows(make([]flow.Flow, 30)...) })
	})
	t.Run("channel", func(t *testing.T) {
		TestSource(t, func() pipeline.Source {
			ch := make(chan flow.Flow, 30)
			for range 30 {
				ch <- flow.Flow{}
			}
			close(ch)
			return source.Channel(ch)
		})
	})
	t.Run("merge", func(t *testing.T) {
		TestSource(t, func() pipeline.Source { return source.Merge(Generate(700, 1), Capture("../testdata/web.pcap")) })
	})
	t.Run("each", func(t *testing.T) {
		TestTransform(t, func() pipeline.Transform { return pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(1) }) })
	})
	for name, s := range map[string]func() pipeline.Sink{
		"json":     func() pipeline.Sink { return sink.JSON(io.Discard) },
		"csv":      func() pipeline.Sink { return sink.CSV(io.Discard) },
		"proto":    func() pipeline.Sink { return sink.Proto(io.Discard) },
		"flowdump": func() pipeline.Sink { return sink.Flowdump(io.Discard, sink.Verbose()) },
		"count":    func() pipeline.Sink { return sink.Count() },
		"dots":     func() pipeline.Sink { return sink.Dots(io.Discard, 10) },
		"discard":  sink.Discard,
		"record":   func() pipeline.Sink { return Record() },
		"buffered": func() pipeline.Sink { return pipeline.Buffered(sink.Discard(), 3, pipeline.Block) },
	} {
		t.Run(name, func(t *testing.T) { TestSink(t, s) })
	}
}

func TestSuitesCatch(t *testing.T) {
	unmarked := func() pipeline.Source {
		return source.Func("unmarked", func(_ context.Context, b *flow.Batch) error {
			b.Next().SrcPort = 80
			return io.EOF
		})
	}
	require.ErrorContains(t, marked(t, unmarked), "src_port is set but not marked")

	calls := 0
	moody := func() pipeline.Source {
		calls++
		return Generate(calls, 1)
	}
	require.ErrorContains(t, sameFlows(t, moody), "other flows in batches of 2")

	forgetful := func() pipeline.Source {
		src, err := pipeline.MakeSource(Generate(100, 1))
		require.NoError(t, err)
		return &pusher{Source: src}
	}
	require.NoError(t, sameFlows(t, forgetful))
	require.ErrorContains(t, pushes(t, forgetful), "other flows when not (src_port")
	careful := func() pipeline.Source {
		src := forgetful().(*pusher)
		src.heeds = true
		return src
	}
	require.NoError(t, pushes(t, careful))

	first := func() pipeline.Transform {
		return pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
			flows, rows := b.Raw()
			flows[rows[0]].SetCustomerID(1)
			return nil
		})
	}
	require.ErrorContains(t, transformsAlike(t, first), "other flows in batches of 2")

	meddler := func() pipeline.Transform {
		return pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
			flows, _ := b.Raw()
			flows[0].SetSrcPort(1)
			return nil
		})
	}
	require.ErrorContains(t, leavesOthers(t, meddler), "flow 0 was changed although it is not selected")

	changer := func() pipeline.Sink {
		return sink.Each("changer", func(fl *flow.Flow) error { fl.SetSrcPort(1); return nil })
	}
	require.ErrorContains(t, changesNothing(t, changer), "flows were changed by the sink")

	hoarder := func() pipeline.Sink {
		return sink.Func("hoarder", func(b *flow.Batch) error { b.Retain(); return nil })
	}
	require.ErrorContains(t, releases(t, hoarder), "never finished")
}

func TestFakes(t *testing.T) {
	boom := errors.New("boom")
	_, err := RunError(t, pipeline.From(Generate(5, 1)).To(Refuse(boom)))
	require.ErrorIs(t, err, boom)

	good, dead := Record(), Record()
	Run(t, pipeline.From(Generate(1000, 1)).To(pipeline.DeadLetter(Flaky(good, boom, 0.3, 1), dead)))
	require.Len(t, append(good.Flows(), dead.Flows()...), 1000)
	require.Greater(t, len(dead.Flows()), 200)

	src, acks := Acked(Generate(100, 1))
	Run(t, pipeline.From(src).To(Late(Record()), pipeline.Buffered(Late(Record()), 2, pipeline.Block)))
	require.NoError(t, acks.Check())
	src, acks = Acked(Generate(100, 1))
	_, err = RunError(t, pipeline.From(src).To(Panic()))
	require.ErrorIs(t, err, pipeline.ErrPanic)
	require.ErrorIs(t, acks.Check(), pipeline.ErrPanic)
	require.Len(t, acks.Errors(), 1)

	ctx, cancel := context.WithCancel(t.Context())
	stop := pipeline.Each(func(*flow.Flow) { cancel() })
	err = pipeline.From(source.Generator(source.Rate(1000))).Through(stop).To(Stuck()).Run(ctx, pipeline.WithDrainTimeout(time.Millisecond))
	require.ErrorIs(t, err, pipeline.ErrDrainTimeout)
	require.ErrorContains(t, err, "stuck: write:")

	slow := Record()
	Run(t, pipeline.From(Generate(3, 1)).To(Slow(slow, time.Millisecond)))
	require.Len(t, slow.Flows(), 3)

	c := NewClock(time.Unix(100, 0))
	c.Advance(time.Second)
	require.Equal(t, time.Unix(101, 0), c.Now())
	seen := int64(0)
	look := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error { seen = b.Now(); return nil })
	Run(t, pipeline.From(Generate(3, 1)).Through(look).To(sink.Discard()), pipeline.WithClock(c))
	require.Equal(t, c.Now().UnixNano(), seen)
}

func TestRecorderKeepsColumns(t *testing.T) {
	got := Record()
	Run(t, pipeline.From(Generate(3, 1)).Through(pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			b.SetNote(fl, fmt.Sprint("to ", fl.DstAS))
			b.SetASPath(fl, []uint32{fl.SrcAS, fl.DstAS})
		}
		return nil
	})).To(got))
	n := 0
	got.Each(func(b *flow.Batch, fl *flow.Flow) {
		note, _ := b.Note(fl)
		require.Equal(t, fmt.Sprint("to ", fl.DstAS), string(note))
		path, _ := b.ASPath(fl)
		require.Equal(t, []uint32{fl.SrcAS, fl.DstAS}, path)
		n++
	})
	require.Equal(t, 3, n)
}

func TestGolden(t *testing.T) {
	var out bytes.Buffer
	Run(t, pipeline.From(Capture("../testdata/crafted.pcap")).To(sink.JSON(&out)))
	Golden(t, "testdata/crafted.json", out.Bytes())
}

func TestInFiveLines(t *testing.T) {
	web := filter.Func("web", func(fl *flow.Flow) bool { return fl.DstPort == 443 })
	got := Record()
	Run(t, pipeline.From(Generate(1000, 1)).Filter(web).To(got))
	require.Greater(t, len(got.Flows()), 100)
}

// pusher is a source that takes over tests of ports, and may forget to make them.
type pusher struct {
	pipeline.Source
	heeds bool
	part  filter.Predicate
}

func (p *pusher) Pushable(cond filter.Predicate) (part, rest filter.Predicate) {
	return filter.Split(cond, func(t filter.Test) bool { return t.Fields[0] == flow.FieldSrcPort })
}

func (p *pusher) Push(part filter.Predicate) error {
	p.part = part
	return nil
}

func (p *pusher) Read(ctx context.Context, b *flow.Batch) error {
	err := p.Source.Read(ctx, b)
	if p.heeds {
		b.Keep(p.part.Match)
	}
	return err
}
