// Filter says what an expression of the filter language does: how many flows of
// a capture or of JSON lines match, or how it is compiled.
//
//	go run ./examples/filter 'tcp port 443'                 # of a bundled capture
//	go run ./examples/filter 'tcp port 443' traffic.pcap    # or flows.json, or -
//	go run ./examples/filter -explain 'tcp port 80 or 443'
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/examples/internal/flows"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
)

func main() {
	explain := flag.Bool("explain", false, "print how the expression is compiled")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, w := range lint(flag.Arg(0)) {
		fmt.Fprintln(os.Stderr, w)
	}
	text, err := answer(ctx, flag.Arg(0), flag.Arg(1), *explain)
	fmt.Print(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, "filter:", err)
		os.Exit(1)
	}
}

// lint returns the warnings about an expression; answer tells of its errors.
func lint(expr string) []filter.Warning {
	warnings, _ := filter.Lint(expr)
	return warnings
}

func answer(ctx context.Context, expr, path string, explain bool) (string, error) {
	p, err := filter.Parse(expr)
	if err != nil {
		return "", err
	}
	if explain {
		return p.Explain(nil)
	}
	all, matching := sink.Count(), sink.Count()
	err = pipeline.From(flows.From(path)).Tee(pipeline.To(all), pipeline.Filter(p).To(matching)).Run(ctx)
	return fmt.Sprintf("%d of %d flows, %d packets, %d bytes match\n", matching.Flows(), all.Flows(), matching.Packets(), matching.Bytes()), err
}
