// RPKI prints flows, those highlighted whose source or destination is routed from
// an AS that the RPKI does not allow, and says at the end how much there was of
// each state.
//
//	go run ./examples/rpki                                 # bundled exports and VRPs
//	go run ./examples/rpki -rtr tls://cache-a,tcp://cache-b:3323 netflow://:2055 sflow://:6343
//	go run ./examples/rpki -json vrps.json exports.pcap # a capture of flow exports
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/replay"
	"github.com/flowpipeline/pipeline/testdata"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

func main() {
	var vrps []rpki.Option
	from := func(option func(string) rpki.Option) func(string) error {
		return func(text string) error { vrps = append(vrps, option(text)); return nil }
	}
	flag.Func("rtr", "`caches`, the preferred first: tcp://host:port or tls://host:port, with commas between",
		from(func(text string) rpki.Option { return rpki.RTR(strings.Split(text, ",")...) }))
	flag.Func("json", "`file` or URL of what a validator exports", from(rpki.JSON))
	flag.Parse()
	if vrps == nil {
		vrps = append(vrps, rpki.JSONData("vrps.json", testdata.Validated))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, flag.Args(), vrps); err != nil {
		fmt.Fprintln(os.Stderr, "rpki:", err)
		os.Exit(1)
	}
}

func flows(args []string) pipeline.Source {
	switch {
	case len(args) == 0:
		return replay.Reader("routes.pcap", bytes.NewReader(testdata.Routes))
	case strings.Contains(args[0], "://"):
		return source.GoFlow(args...)
	}
	return replay.File(args[0])
}

func run(ctx context.Context, w io.Writer, args []string, vrps []rpki.Option) error {
	states := []string{"invalid", "notfound", "valid", "unknown"} // a flow counts for the first that one of its routes has
	counts := make([]*sink.Counter, len(states))
	arms := make([]pipeline.Arm, len(states))
	for i, state := range states {
		counts[i] = sink.Count()
		arms[i] = pipeline.When(filter.Expr("rpki "+state), pipeline.To(counts[i]))
	}
	err := pipeline.From(flows(args)).
		Through(rpki.Validate(vrps...)).
		Tee(
			pipeline.Switch(
				pipeline.When(filter.Expr("rpki invalid"), pipeline.To(sink.Flowdump(w, sink.Highlight(), sink.Verbose()))),
				pipeline.Otherwise(pipeline.To(sink.Flowdump(w))),
			),
			pipeline.Switch(arms...),
		).
		Run(ctx, pipeline.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))))
	for i, state := range states {
		_, _ = fmt.Fprintf(w, "%-8s %6d flows %12d bytes\n", state, counts[i].Flows(), counts[i].Bytes())
	}
	return err
}
