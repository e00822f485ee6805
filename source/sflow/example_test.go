package sflow_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/sflow"
)

func ExampleListen() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	counters := func(c *sflow.Counters) {
		if c.HasInterface {
			fmt.Println(c.Exporter, c.Interface.Index, c.Interface.InBytes)
		}
	}
	plan := pipeline.From(sflow.Listen(":6343", sflow.OnCounters(counters))).To(sink.Flowdump(os.Stdout))
	if err := plan.Run(ctx); err != nil {
		fmt.Println(err)
	}
}
