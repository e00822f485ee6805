package sflow_test

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/replay"
	"github.com/flowpipeline/pipeline/source/sflow"
)

func TestReceives(t *testing.T) {
	path := t.TempDir() + "/sflow.dgram"
	at := make(chan netip.AddrPort, 1)
	var flows atomic.Int64
	look := sink.Func("look", func(b *flow.Batch) error {
		for fl := range b.All() {
			if fl.SrcAddr.Netip() != export.Src || fl.SamplingRate != 1000 || fl.Bytes != 100 || fl.Exporter.String() != "192.0.2.1" {
				t.Errorf("%+v", fl)
			}
		}
		flows.Add(int64(b.Len()))
		return nil
	})
	src := sflow.Listen("sflow://127.0.0.1:0", sflow.OnListen(func(a netip.AddrPort) { at <- a }), sflow.Record(path),
		sflow.Allow(netip.MustParsePrefix("127.0.0.1/32")), sflow.MaxDatagram(9000), sflow.ReceiveBuffer(1<<20))
	pl, err := pipeline.From(src).To(look).Build(pipeline.WithPoison())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- pl.Run(ctx) }()
	send := export.Dial(t, <-at)
	for i := range 10 {
		send(export.SFlow(uint32(i)))
	}
	send(export.V5(0, 1))
	require.Eventually(t, func() bool { return pl.Stats().Stages[0].Counters["datagrams"] == 11 }, 10*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.EqualValues(t, 10, flows.Load())
	counters := pl.Stats().Stages[0].Counters
	require.EqualValues(t, 1, counters["refused_unsupported_version"])
	require.NoError(t, pl.Stats().Check())

	count := sink.Count()
	require.NoError(t, pipeline.From(replay.File(path)).To(count).Run(t.Context()))
	require.EqualValues(t, 11, count.Flows(), "a replay takes NetFlow as well")
}

func TestMistakes(t *testing.T) {
	for want, src := range map[string]pipeline.Source{
		"the scheme is not": sflow.Listen("netflow://:2055"),
		"receive buffer":    sflow.Listen(":0", sflow.ReceiveBuffer(0)),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
}
