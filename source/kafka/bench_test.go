package kafka

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/kafkatest"
	"github.com/flowpipeline/pipeline/sink"
	kafkasink "github.com/flowpipeline/pipeline/sink/kafka"
	"github.com/flowpipeline/pipeline/source"
)

// BenchmarkConsume reads a topic of 500,000 flows from its beginning as a member of
// a group, in turns: by the client alone, which looks at no record, and through the
// source.
func BenchmarkConsume(b *testing.B) {
	const count, rounds = 500_000, 5
	broker := kafkatest.Start(b)
	broker.CreateTopic("flows", 4)
	require.NoError(b, pipeline.From(source.Generator(source.Count(count))).To(kafkasink.Topic("flows", kafkasink.Brokers(broker.Addr))).Run(b.Context()))
	groups := 0
	group := func() []Option {
		groups++
		return []Option{Brokers(broker.Addr), Group(fmt.Sprint("group-", groups))}
	}
	dec := decoder{proto: codec.NewProtoDecoder(flow.NewSymbols(0).Quota(1000))}
	owner := flow.NewOwner(flow.OwnerConfig{Size: maxPoll})
	client := func(decode bool) {
		c, err := newConfig([]string{"flows"}, false, group())
		require.NoError(b, err)
		cl := broker.Client(c.consuming()...)
		defer cl.Close()
		for left := count; left > 0; {
			records := cl.PollRecords(b.Context(), maxPoll).Records()
			left -= len(records)
			if !decode {
				continue
			}
			batch := owner.Begin(0, time.Time{})
			for _, r := range records {
				_, err := dec.next(delimited, r.Value, batch)
				require.NoError(b, err)
			}
			owner.Finish(nil)
		}
	}
	whole := func() {
		left := count
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		require.NoError(b, pipeline.From(Topic("flows", group()...)).To(sink.Func("count", func(batch *flow.Batch) error {
			if left -= batch.Len(); left == 0 {
				cancel()
			}
			return nil
		})).Run(ctx))
	}
	work := []struct {
		unit string
		run  func()
		took []time.Duration
	}{
		{unit: "client-ns/flow", run: func() { client(false) }},
		{unit: "decoding-client-ns/flow", run: func() { client(true) }},
		{unit: "source-ns/flow", run: whole},
	}
	for range rounds {
		for i := range work {
			begin := time.Now()
			work[i].run()
			work[i].took = append(work[i].took, time.Since(begin))
		}
	}
	for _, w := range work {
		slices.Sort(w.took)
		b.ReportMetric(float64(w.took[len(w.took)/2])/count, w.unit)
	}
}
