// Replay reads flow exports (NetFlow, IPFIX, sFlow) from recordings of datagrams
// and from packet captures, and prints flows: all, or those that match a filter.
//
//	go run ./examples/replay                      # of a bundled capture
//	go run ./examples/replay exports.pcapng
//	go run ./examples/replay -speed 10 night.dgram.zst "proto tcp"
//	go run ./examples/replay -v - < exports.pcap
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/replay"
	"github.com/flowpipeline/pipeline/testdata"
)

func main() {
	speed := flag.Float64("speed", 0, "how many times as fast as it was; 0 for as fast as it goes")
	verbose := flag.Bool("v", false, "print every field that is known")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	to := sink.Flowdump(os.Stdout)
	if *verbose {
		to = sink.Flowdump(os.Stdout, sink.Verbose())
	}
	if err := run(ctx, flag.Arg(0), flag.Arg(1), *speed, to); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

// run replays a file, or the bundled capture if path is empty.
func run(ctx context.Context, path, expr string, speed float64, to pipeline.Sink) error {
	from := replay.File(path, replay.Speed(speed))
	if path == "" {
		from = replay.Reader("exports.pcap", bytes.NewReader(testdata.Exports), replay.Speed(speed))
	}
	return pipeline.From(from).
		Filter(filter.Expr(expr)).
		To(to).
		Run(ctx)
}
