// DDoS prints the attacks that it finds in flows.
//
//	go run ./examples/ddos                                 # a made-up replay of two minutes with attacks in it
//	go run ./examples/ddos traffic.pcap                    # a capture
//	go run ./examples/ddos netflow://:2055 sflow://:6343   # live
//	go run ./examples/ddos -webhook https://hooks.example.net/flows sflow://:6343
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/examples/internal/flows"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/sink/alert"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/ddos"
)

func main() {
	webhook := flag.String("webhook", "", "`URL` that events are posted to as well")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, *webhook, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "ddos:", err)
		os.Exit(1)
	}
}

func from(args []string) pipeline.Source {
	switch {
	case len(args) == 0:
		return replay()
	case strings.Contains(args[0], "://"):
		return source.GoFlow(args...)
	}
	return flows.From(args[0])
}

func run(ctx context.Context, w io.Writer, webhook string, args []string) error {
	attacking, rest := sink.Count(), sink.Count()
	alerts := pipeline.To(print(w))
	if webhook != "" {
		retried := pipeline.Retry(alert.Webhook(webhook), pipeline.Backoff{Attempts: 5})
		alerts = pipeline.To(print(w), pipeline.Buffered(retried, 64, pipeline.DropOldest))
	}
	err := pipeline.From(from(args)).
		Through(ddos.Detect()).
		Switch(
			pipeline.When(ddos.Events(), alerts),
			pipeline.When(ddos.Attacking(), pipeline.To(attacking)),
			pipeline.Otherwise(pipeline.To(rest)),
		).
		Run(ctx, pipeline.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))))
	_, _ = fmt.Fprintf(w, "%d flows of attacks, %d others\n", attacking.Flows(), rest.Flows())
	return err
}

// print is a sink that writes events as lines.
func print(w io.Writer) pipeline.Sink {
	return sink.Func("print", func(b *flow.Batch) error {
		for fl := range b.All() {
			e, ok := ddos.EventOf(b, fl)
			if !ok {
				continue
			}
			_, err := fmt.Fprintf(w, "%s %-6v %-16v %v, %v, %d packet/s, %d Mbit/s (±%.0f %%), %d sources, since %s\n",
				e.Time.Format(time.TimeOnly), e.Phase, e.Target, e.Class, e.Severity,
				e.Rate.Packets, e.Rate.Bits/1e6, e.Error*100, e.Sources, e.Start.Format(time.TimeOnly))
			if err == nil && e.Phase == ddos.Start && e.Action != "" {
				_, err = fmt.Fprintf(w, "         proposed: %s\n", e.Action)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
