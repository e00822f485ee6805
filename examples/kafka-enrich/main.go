// Kafka-enrich consumes flows from one topic of Kafka, adds the RPKI state of their
// routes, and produces them to another. Start as many processes as you like: they
// share the partitions, and when one dies the others go on with what it had not
// finished.
//
//	go run ./examples/kafka-enrich -brokers localhost:9092 flows flows-rpki
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/flowpipeline/pipeline"
	sinkkafka "github.com/flowpipeline/pipeline/sink/kafka"
	"github.com/flowpipeline/pipeline/source/kafka"
	"github.com/flowpipeline/pipeline/testdata"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

func main() {
	brokers := flag.String("brokers", "localhost:9092", "`addresses` of brokers, with commas between")
	group := flag.String("group", "enrich", "consumer `group`")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, strings.Split(*brokers, ","), *group, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "kafka-enrich:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, brokers []string, group, from, to string) error {
	return pipeline.
		From(kafka.Topic(from, kafka.Brokers(brokers...), kafka.Group(group), kafka.SessionTimeout(6*time.Second))).
		Through(rpki.Validate(rpki.JSONData("vrps.json", testdata.Validated))).
		To(sinkkafka.Topic(to, sinkkafka.Brokers(brokers...), sinkkafka.Key("src_addr", "dst_addr"))).
		Run(ctx, pipeline.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))))
}
