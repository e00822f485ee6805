// Filter says what an expression of the filter language does: how many flows of
// a capture or of JSON lines match, or how it is compiled.
//
//	go run ./examples/filter 'tcp port 443'                 # of a bundled capture
//	go run ./examples/filter 'tcp port 443' traffic.pcap    # or flows.json, or -
//	go run ./examples/filter -explain 'tcp port 80 or 443'
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/pcap"
	"github.com/flowpipeline/pipeline/testdata"
)

func main() {
	explain := flag.Bool("explain", false, "print how the expression is compiled")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Arg(0), flag.Arg(1), *explain); err != nil {
		fmt.Fprintln(os.Stderr, "filter:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, expr, path string, explain bool) error {
	p, err := filter.Parse(expr)
	if err != nil {
		return err
	}
	warnings, err := filter.Lint(expr)
	for _, w := range warnings {
		fmt.Fprintln(os.Stderr, w)
	}
	if err != nil {
		return err
	}
	if explain {
		plan, err := p.Explain(nil)
		fmt.Print(plan)
		return err
	}
	all, matching := sink.Count(), sink.Count()
	err = pipeline.From(flows(path)).Tee(pipeline.To(all), pipeline.Filter(p).To(matching)).Run(ctx)
	fmt.Printf("%d of %d flows, %d packets, %d bytes match\n", matching.Flows(), all.Flows(), matching.Packets(), matching.Bytes())
	return err
}
