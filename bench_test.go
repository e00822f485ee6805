package pipeline_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// benchSource gives n flows whose memory is already written: the source costs
// next to nothing, so what is measured is the chain behind it.
func benchSource(n int) pipeline.Source {
	left := n
	return pipeline.SourceFunc(func(_ context.Context, b *flow.Batch) error {
		for !b.Full() && left > 0 {
			fl := b.Next()
			fl.SetSrcAS(uint32(left))
			fl.SetDstPort(uint16(left))
			fl.SetBytes(1000)
			left--
		}
		if left == 0 {
			return io.EOF
		}
		return nil
	})
}

// nothing is a transform whose work is as little as a stage can do: it looks at
// each flow.
type nothing struct{ sum uint64 }

func (s *nothing) Process(_ context.Context, b *flow.Batch) error {
	flows, rows := b.Raw()
	for _, i := range rows {
		s.sum += flows[i].Bytes
	}
	return nil
}

type counting struct{ n int }

func (c *counting) Write(_ context.Context, b *flow.Batch) error {
	c.n += b.Len()
	return nil
}

func benchPlan(b *testing.B, build func(pipeline.Stream) *pipeline.Plan) {
	b.Helper()
	pl, err := build(pipeline.From(benchSource(b.N))).Build()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := pl.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}

var highPort = filter.Func("dst port >= 16384", func(fl *flow.Flow) bool { return fl.DstPort >= 16384 })

// BenchmarkChain prints the cost of a flow: ns/op of "source and sink" is the
// floor, what a chain adds to it is the stages'.
func BenchmarkChain(b *testing.B) {
	b.Run("floor: loop over batches", func(b *testing.B) {
		o := flow.NewOwner(flow.OwnerConfig{})
		src := benchSource(b.N)
		var sink counting
		b.ReportAllocs()
		for err := error(nil); err == nil; {
			batch := o.Begin(0, deadline)
			err = src.Read(b.Context(), batch)
			_ = sink.Write(b.Context(), batch)
			o.Finish(nil)
		}
	})
	b.Run("source and sink", func(b *testing.B) {
		benchPlan(b, func(s pipeline.Stream) *pipeline.Plan { return s.To(&counting{}) })
	})
	b.Run("8 stages that look at each flow", func(b *testing.B) {
		benchPlan(b, func(s pipeline.Stream) *pipeline.Plan {
			for range 8 {
				s = s.Through(&nothing{})
			}
			return s.To(&counting{})
		})
	})
	b.Run("filter func + 4 transforms + sink", func(b *testing.B) {
		benchPlan(b, func(s pipeline.Stream) *pipeline.Plan {
			return s.Filter(highPort).Through(
				pipeline.Each(func(fl *flow.Flow) { fl.SetDstAS(fl.SrcAS + 1) }),
				pipeline.Each(func(fl *flow.Flow) { fl.SetPackets(fl.Bytes / 100) }),
				pipeline.Each(func(fl *flow.Flow) { fl.SetSrcCustomerID(7) }),
				&nothing{},
			).To(&counting{})
		})
	})
	b.Run("branch of two arms that rejoin", func(b *testing.B) {
		benchPlan(b, func(s pipeline.Stream) *pipeline.Plan {
			return s.Branch(
				pipeline.When(highPort, pipeline.Through(pipeline.Each(func(fl *flow.Flow) { fl.SetDstAS(1) }))),
				pipeline.Otherwise(pipeline.Through(pipeline.Each(func(fl *flow.Flow) { fl.SetDstAS(2) }))),
			).To(&counting{})
		})
	})
	b.Run("buffered sink", func(b *testing.B) {
		benchPlan(b, func(s pipeline.Stream) *pipeline.Plan {
			return s.To(pipeline.Buffered(&counting{}, 16, pipeline.Block))
		})
	})
	b.Run("tee that copies", func(b *testing.B) {
		benchPlan(b, func(s pipeline.Stream) *pipeline.Plan {
			return s.Tee(pipeline.To(&counting{}), pipeline.Through(pipeline.Each(func(fl *flow.Flow) { fl.SetDstAS(1) })).To(&counting{}))
		})
	})
	b.Run("peer: one unbuffered channel hop", func(b *testing.B) {
		ch := make(chan *flow.Flow)
		go func() {
			defer close(ch)
			fl := new(flow.Flow)
			for range b.N {
				ch <- fl
			}
		}()
		b.ReportAllocs()
		for range ch {
		}
	})
}

var deadline = time.Now()
