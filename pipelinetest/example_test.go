package pipelinetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

func ExampleRun() {
	var t *testing.T
	got := pipelinetest.Record()
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Generate(1000, 1)).Filter(https).To(got))
	if len(got.Flows()) == 0 {
		t.Error("no flow of HTTPS")
	}
	if dropped := stats.Total().Dropped; dropped != 0 {
		t.Errorf("%d flows dropped", dropped)
	}
}

func ExampleRunError() {
	var t *testing.T
	offline := errors.New("connection refused")
	_, err := pipelinetest.RunError(t, pipeline.From(pipelinetest.Generate(10, 1)).To(pipelinetest.Refuse(offline)))
	if !errors.Is(err, offline) {
		t.Error(err)
	}
}

func ExampleTestSource() {
	var t *testing.T
	pipelinetest.TestSource(t, func() pipeline.Source { return source.Generator(source.Count(1000)) })
}

func ExampleTestTransform() {
	var t *testing.T
	pipelinetest.TestTransform(t, func() pipeline.Transform {
		return pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(7) })
	})
}

func ExampleTestSink() {
	var t *testing.T
	pipelinetest.TestSink(t, sink.Discard)
}

func ExampleGolden() {
	var t *testing.T
	var out bytes.Buffer
	pipelinetest.Run(t, pipeline.From(pipelinetest.Capture("testdata/web.pcap")).To(sink.JSON(&out)))
	pipelinetest.Golden(t, "testdata/web.json", out.Bytes())
}

func ExampleReplay() {
	var t *testing.T
	mine := func(from pipeline.Source, to pipeline.Sink) *pipeline.Plan {
		return pipeline.From(from).Filter(https).To(to)
	}
	pipelinetest.Replay(t, "testdata/report.dgram.zst", mine)
}

func ExampleRecord() {
	got := pipelinetest.Record()
	if err := pipeline.From(pipelinetest.Generate(3, 1)).To(got).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, fl := range got.Flows() {
		fmt.Println(fl.Received().Format(time.RFC3339Nano))
	}
	// Output:
	// 2026-01-01T00:00:00Z
	// 2026-01-01T00:00:00.001Z
	// 2026-01-01T00:00:00.002Z
}

func ExampleRecorder_Each() {
	names := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			b.SetDstHostName(fl, "www.example")
		}
		return nil
	})
	got := pipelinetest.Record()
	if err := pipeline.From(pipelinetest.Generate(1, 1)).Through(names).To(got).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	got.Each(func(b *flow.Batch, fl *flow.Flow) {
		name, ok := b.DstHostName(fl)
		fmt.Println(string(name), ok)
	})
	// Output:
	// www.example true
}

func ExampleGenerate() {
	first, second := pipelinetest.Record(), pipelinetest.Record()
	for _, got := range []*pipelinetest.Recorder{first, second} {
		if err := pipeline.From(pipelinetest.Generate(1000, 1)).To(got).Run(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(slices.Equal(first.Flows(), second.Flows()))
	// Output:
	// true
}

func ExampleFlows() {
	var fl flow.Flow
	fl.SetDstPort(443)
	if err := pipeline.From(pipelinetest.Flows(fl)).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_port":443}
}

func ExampleCapture() {
	got := pipelinetest.Record()
	if err := pipeline.From(pipelinetest.Capture("../testdata/web.pcap")).To(got).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(got.Flows()), "flows")
	// Output:
	// 29 flows
}

func ExampleAcked() {
	src, acks := pipelinetest.Acked(pipelinetest.Generate(1000, 1))
	plan := pipeline.From(src).To(pipeline.DropFailed(pipelinetest.Refuse(errors.New("connection refused"))))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(acks.Check())
	// Output:
	// <nil>
}

func ExampleRefuse() {
	plan := pipeline.From(pipelinetest.Generate(1, 1)).To(pipelinetest.Refuse(errors.New("connection refused")))
	fmt.Println(plan.Run(context.Background()))
	// Output:
	// refuse: write: connection refused
}

func ExampleFlaky() {
	delivered, dead := pipelinetest.Record(), pipelinetest.Record()
	flaky := pipelinetest.Flaky(delivered, errors.New("connection reset"), 0.5, 1)
	plan := pipeline.From(pipelinetest.Generate(1000, 1)).To(pipeline.DeadLetter(flaky, dead))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(delivered.Flows()) + len(dead.Flows()))
	// Output:
	// 1000
}

func ExampleSlow() {
	got := pipelinetest.Record()
	slow := pipelinetest.Slow(got, time.Millisecond)
	plan := pipeline.From(pipelinetest.Generate(1000, 1)).To(pipeline.Buffered(slow, 1, pipeline.Block))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(got.Flows()), "flows")
	// Output:
	// 1000 flows
}

func ExampleLate() {
	got := pipelinetest.Record()
	if err := pipeline.From(pipelinetest.Generate(1000, 1)).To(pipelinetest.Late(got)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(got.Flows()), "flows")
	// Output:
	// 1000 flows
}

func ExamplePanic() {
	err := pipeline.From(pipelinetest.Generate(1, 1)).To(pipelinetest.Panic()).Run(context.Background())
	fmt.Println(errors.Is(err, pipeline.ErrPanic))
	// Output:
	// true
}

func ExampleStuck() {
	ctx, cancel := context.WithCancel(context.Background())
	cancelling := sink.Func("cancelling", func(*flow.Batch) error { cancel(); return nil })
	plan := pipeline.From(pipelinetest.Generate(1, 1)).To(cancelling, pipelinetest.Stuck())
	err := plan.Run(ctx, pipeline.WithDrainTimeout(time.Millisecond))
	fmt.Println(errors.Is(err, pipeline.ErrDrainTimeout))
	// Output:
	// true
}

func ExampleNewClock() {
	clock := pipelinetest.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	stamp := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			fl.SetTimeReceived(b.Now())
		}
		return nil
	})
	got := pipelinetest.Record()
	plan := pipeline.From(pipelinetest.Generate(1, 1)).Through(stamp).To(got)
	for range 2 {
		if err := plan.Run(context.Background(), pipeline.WithClock(clock)); err != nil {
			fmt.Println(err)
		}
		clock.Advance(time.Minute)
	}
	for _, fl := range got.Flows() {
		fmt.Println(fl.Received().Format("15:04"))
	}
	// Output:
	// 08:00
	// 08:01
}

var https = filter.Expr("dst port 443")
