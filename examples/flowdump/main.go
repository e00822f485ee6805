// Flowdump prints flows, one a line: all, or those that match a filter.
//
//	go run ./examples/flowdump                                     # a bundled capture
//	go run ./examples/flowdump "proto tcp and port 80"             # some of its flows
//	go run ./examples/flowdump traffic.pcap "not port 22"          # pcap, pcapng, .gz, .zst
//	go run ./examples/flowdump - < flows.json                      # flows as JSON lines
//	sudo go run ./examples/flowdump eth0 "proto tcp and port 80"   # an interface, live
//	sudo go run ./examples/flowdump -p eth0                        # with the local processes
//	sudo go run ./examples/flowdump -top eth0                      # who talks most there
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/examples/internal/flows"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "flowdump:", err)
		os.Exit(1)
	}
}

// run does what the arguments say, "[-v | -json | -top] [-p] [INPUT] [FILTER]".
func run(ctx context.Context, args []string, out, notes io.Writer) error {
	set := flag.NewFlagSet("flowdump", flag.ContinueOnError)
	set.SetOutput(notes)
	verbose := set.Bool("v", false, "print every field that is known")
	asJSON := set.Bool("json", false, "print JSON lines")
	processes := set.Bool("p", false, "print the process of a local socket, and its round-trip time")
	table := set.Bool("top", false, "print a table of the top talkers, each second anew")
	if err := set.Parse(args); err != nil {
		return err
	}
	var opts []sink.FlowdumpOption
	if *verbose {
		opts = append(opts, sink.Verbose())
	}
	if *processes {
		opts = append(opts, sink.Processes())
	}
	end := sink.Flowdump(out, opts...)
	switch {
	case *table:
		end = sink.Discard()
	case *asJSON:
		end = sink.JSON(out)
	}
	name, expr := split(set.Args())
	count := sink.Count()
	plan := pipeline.From(open(name, *processes)).Filter(filter.Expr(expr))
	if *table {
		plan = plan.Through(newTop(out))
	}
	log := slog.New(slog.NewTextHandler(notes, &slog.HandlerOptions{Level: slog.LevelWarn}))
	pl, err := plan.To(end, count).Build(pipeline.WithLogger(log))
	if err != nil {
		return err
	}
	err = pl.Run(ctx)
	if live(name) {
		summarize(notes, pl.Stats(), count)
	} else {
		flows.Report(notes, pl.Stats())
	}
	return err
}
