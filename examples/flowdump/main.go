// Flowdump prints the flows of a capture, one a line.
//
//	go run ./examples/flowdump                 # a bundled capture
//	go run ./examples/flowdump traffic.pcap    # pcap or pcapng, also .gz and .zst
//	go run ./examples/flowdump - < flows.json  # flows as JSON lines
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
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/pcap"
	"github.com/flowpipeline/pipeline/testdata"
)

func main() {
	verbose := flag.Bool("v", false, "print every field that is known")
	asJSON := flag.Bool("json", false, "print JSON lines")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if err := dump(ctx, flag.Arg(0), printer(*verbose, *asJSON)); err != nil {
		fmt.Fprintln(os.Stderr, "flowdump:", err)
		os.Exit(1)
	}
}

func dump(ctx context.Context, name string, to pipeline.Sink) error {
	return pipeline.From(flows(name)).To(to).Run(ctx)
}

func flows(name string) pipeline.Source {
	switch name {
	case "":
		return pcap.Reader("web.pcap", bytes.NewReader(testdata.Web))
	case "-":
		return source.JSON("-")
	}
	return pcap.File(name)
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
