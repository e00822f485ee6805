// Collector receives NetFlow, IPFIX and sFlow, and prints flows as JSON lines: all,
// or those that match a filter.
//
//	go run ./examples/collector                                  # ports 2055, 4739, 6343
//	go run ./examples/collector -listen netflow://:9995
//	go run ./examples/collector "proto udp and src port 53"
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

func main() {
	listen := flag.String("listen", "netflow://,ipfix://,sflow://", "addresses, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := collect(ctx, strings.Split(*listen, ","), flag.Arg(0), os.Stdout, log); err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}

// collect runs the pipeline until ctx ends.
func collect(ctx context.Context, addresses []string, expr string, out io.Writer, log *slog.Logger) error {
	pl, err := pipeline.From(source.GoFlow(addresses...)).
		Filter(filter.Expr(expr)).
		To(sink.JSON(out)).
		Build(pipeline.WithLanes(runtime.NumCPU()), pipeline.WithLogger(log))
	if err != nil {
		return err
	}
	err = pl.Run(ctx)
	for name, n := range pl.Stats().Stages[0].Counters {
		if n > 0 {
			log.Info("counted", "name", name, "count", n)
		}
	}
	return err
}
