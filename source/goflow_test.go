package source_test

import (
	"context"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

// listening hands on the addresses that a source logs.
type listening struct {
	slog.Handler
	at chan netip.AddrPort
}

func (l listening) Enabled(context.Context, slog.Level) bool { return true }
func (l listening) WithAttrs([]slog.Attr) slog.Handler       { return l }

func (l listening) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if at, ok := a.Value.Any().(netip.AddrPort); ok {
			l.at <- at
		}
		return true
	})
	return nil
}

func TestGoFlowTakesEachProtocolAtEachAddress(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		h := listening{slog.DiscardHandler, make(chan netip.AddrPort, 2)}
		var flows atomic.Int64
		count := sink.Func("count", func(b *flow.Batch) error { flows.Add(int64(b.Len())); return nil })
		pl, err := pipeline.From(source.GoFlow("netflow://127.0.0.1:0", "sflow://127.0.0.1:0")).To(count).
			Build(pipeline.WithLanes(lanes), pipeline.WithLogger(slog.New(h)), pipeline.WithPoison())
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- pl.Run(ctx) }()
		for range 2 {
			send := export.Dial(t, <-h.at)
			send(export.V5(0, 10))
			send(export.IPFIXTemplate(0))
			send(export.IPFIXData(0, 10))
			send(export.SFlow(1))
			send([]byte("nonsense"))
		}
		counters := func() map[string]uint64 { return pl.Stats().Stages[0].Counters }
		require.Eventually(t, func() bool { return flows.Load() == 42 && counters()["refused_protocol"] == 2 }, 10*time.Second, time.Millisecond)
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, pl.Stats().Check())
		require.EqualValues(t, 10, counters()["datagrams"])
	}
}

func TestGoFlowMistakes(t *testing.T) {
	for want, src := range map[string]pipeline.Source{
		"no address":        source.GoFlow(),
		"the scheme is not": source.GoFlow("http://:80"),
		"is not host:port":  source.GoFlow("netflow://x:y:z"),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
}
