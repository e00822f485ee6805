package netflow_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/netflow"
)

func ExampleListen() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exporters := netflow.Listen(":2055",
		netflow.Allow(netip.MustParsePrefix("192.0.2.0/24")),
		netflow.Templates("/var/lib/collector/exporters.json"),
		netflow.SamplingRate(netip.MustParsePrefix("192.0.2.7/32"), 1000),
	)
	plan := pipeline.From(exporters).Filter(filter.Expr("proto udp and src port 53")).To(sink.JSON(os.Stdout))
	if err := plan.Run(ctx, pipeline.WithLanes(4)); err != nil {
		fmt.Println(err)
	}
}

func ExampleMapExtension() {
	delay := flow.Extension[uint32]("server_delay", flow.Unit("µs"))
	pipeline.From(netflow.Listen(":2055", netflow.MapExtension(9, 12345, delay))).
		Filter(filter.Expr("server_delay >1000")).
		To(sink.JSON(os.Stdout))
}

func ExampleListUnmapped() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var unmapped netflow.Unmapped
	plan := pipeline.From(netflow.Listen(":2055", netflow.ListUnmapped(&unmapped))).To(sink.JSON(os.Stdout))
	if err := plan.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	for _, e := range unmapped.Elements() {
		fmt.Fprintln(os.Stderr, e) // 32473/7 of 192.0.2.1, 2 bytes, in 120 records, such as 0102
	}
}
