// Flowdump prints flows, one a line: all, or those that match a filter.
//
//	go run ./examples/flowdump                               # a bundled capture
//	go run ./examples/flowdump "proto tcp and port 80"       # some of its flows
//	go run ./examples/flowdump traffic.pcap "not port 22"    # pcap, pcapng, .gz, .zst
//	go run ./examples/flowdump - < flows.json                # flows as JSON lines
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/examples/internal/flows"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
)

func main() {
	verbose := flag.Bool("v", false, "print every field that is known")
	asJSON := flag.Bool("json", false, "print JSON lines")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := dump(ctx, flag.Args(), printer(*verbose, *asJSON)); err != nil {
		fmt.Fprintln(os.Stderr, "flowdump:", err)
		os.Exit(1)
	}
}

// dump runs the pipeline of "[INPUT] [FILTER]".
func dump(ctx context.Context, args []string, to pipeline.Sink) error {
	args = append(args, "", "")
	name, expr := args[0], args[1]
	if _, err := os.Stat(name); err != nil && name != "-" && expr == "" {
		name, expr = "", name // what is no file is a filter
	}
	pl, err := pipeline.From(flows.From(name)).Filter(filter.Expr(expr)).To(to).Build()
	if err != nil {
		return err
	}
	err = pl.Run(ctx)
	flows.Report(os.Stderr, pl.Stats())
	return err
}

func printer(verbose, asJSON bool) pipeline.Sink {
	switch {
	case asJSON:
		return sink.JSON(os.Stdout)
	case verbose:
		return sink.Flowdump(os.Stdout, sink.Verbose())
	}
	return sink.Flowdump(os.Stdout)
}
