package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	sinkkafka "github.com/flowpipeline/pipeline/sink/kafka"
	"github.com/flowpipeline/pipeline/source/kafka"
	"github.com/flowpipeline/pipeline/source/replay"
	"github.com/flowpipeline/pipeline/testdata"
)

// TestEnriches sends the flows of bundled exports through the example.
func TestEnriches(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "flows", "enriched"))
	require.NoError(t, err)
	defer c.Close()
	brokers := c.ListenAddrs()
	all := pipelinetest.Record()
	require.NoError(t, pipeline.From(replay.Reader("routes.pcap", bytes.NewReader(testdata.Routes))).
		To(all, sinkkafka.Topic("flows", sinkkafka.Brokers(brokers...))).Run(t.Context()))

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, brokers, "enrich", "flows", "enriched") }()
	left, invalid := len(all.Flows()), 0
	require.Equal(t, 16, left)
	require.NoError(t, pipeline.From(kafka.Topic("enriched", kafka.Brokers(brokers...), kafka.Group("test"))).
		To(sink.Each("count", func(fl *flow.Flow) error {
			if fl.SrcRPKI == flow.RPKIInvalid || fl.DstRPKI == flow.RPKIInvalid {
				invalid++
			}
			if left--; left == 0 {
				cancel()
			}
			return nil
		})).Run(ctx))
	require.NoError(t, <-ended)
	require.Equal(t, 6, invalid)
	require.Zero(t, left)
}

func TestNoBroker(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), []string{"nowhere"}, "enrich", "flows", "enriched"), "not host:port")
}
