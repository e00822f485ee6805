package sflow_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/sflow"
)

func ExampleListen() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	plan := pipeline.From(sflow.Listen(":6343")).To(sink.Flowdump(os.Stdout))
	if err := plan.Run(ctx); err != nil {
		fmt.Println(err)
	}
}

// Counters of interfaces and dropped packets go their own ways, flows on.
func ExampleCounters() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	plan := pipeline.
		From(sflow.Listen(":6343", sflow.Counters())).
		Branch(
			pipeline.When(filter.Expr("record_type counters"), pipeline.To(sink.JSONFile("counters.json"))),
			pipeline.When(filter.Expr("record_type drop"), pipeline.To(sink.JSONFile("drops.json"))),
		).
		To(sink.Flowdump(os.Stdout))
	if err := plan.Run(ctx); err != nil {
		fmt.Println(err)
	}
}
