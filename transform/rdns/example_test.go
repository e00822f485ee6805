package rdns_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/transform/rdns"
)

func ExampleNames() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := pipeline.From(netflow.Listen(":2055")).
		Through(rdns.Names(rdns.Servers("192.0.2.53", "198.51.100.53"), rdns.Of(flow.FieldSrcAddr, flow.FieldDstAddr, flow.FieldExporter))).
		To(sink.JSON(os.Stdout)).
		Run(ctx)
	if err != nil {
		fmt.Println(err)
	}
}
