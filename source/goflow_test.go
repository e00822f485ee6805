package source_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/internal/stream/certtest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/source/replay"
	"github.com/flowpipeline/pipeline/source/sflow"
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
		"needs the option":  source.GoFlow("ipfix+tls://"),
		"receive buffer":    source.Listen([]string{"sflow://"}, sflow.ReceiveBuffer(0)),
		"is 0":              source.Listen([]string{"sflow://"}, netflow.SamplingRate(netip.MustParsePrefix("::/0"), 0)),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
}

// TestListen mixes transports, and has options of both packages: what is said of
// receiving holds for all addresses.
func TestListen(t *testing.T) {
	own := certtest.New(t)
	path := filepath.Join(t.TempDir(), "all.dgram")
	at := make(chan netip.AddrPort, 4)
	src := source.Listen([]string{"netflow://127.0.0.1:0", "ipfix+tcp://127.0.0.1:0", "ipfix+tls://127.0.0.1:0", "sflow://127.0.0.1:0"},
		netflow.Allow(netip.MustParsePrefix("127.0.0.1/32")),
		netflow.TLS(&tls.Config{Certificates: []tls.Certificate{own.Certificate()}}),
		netflow.DefaultSamplingRate(7),
		netflow.OnListen(func(a netip.AddrPort) { at <- a }),
		sflow.Record(path),
		sflow.DefaultSamplingRate(9),
	)
	var mu sync.Mutex
	rates := map[uint32]int{}
	flows := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, count := range rates {
			n += count
		}
		return n
	}
	count := sink.Func("count", func(b *flow.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		for fl := range b.All() {
			rates[fl.SamplingRate]++
		}
		return nil
	})
	pl, err := pipeline.From(src).To(count).Build(pipeline.WithLanes(2), pipeline.WithPoison())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- pl.Run(ctx) }()

	send := export.Dial(t, <-at)
	send(export.V5(0, 10))
	send(export.IPFIXTemplate(0))
	send(export.IPFIXData(0, 3))
	plain, err := net.Dial("tcp", (<-at).String())
	require.NoError(t, err)
	defer func() { _ = plain.Close() }()
	secure, err := tls.Dial("tcp", (<-at).String(), &tls.Config{RootCAs: own.Pool})
	require.NoError(t, err)
	defer func() { _ = secure.Close() }()
	for i, c := range []io.Writer{plain, secure} {
		_, err = c.Write(append(export.IPFIXTemplate(0), export.IPFIXData(0, 4+i)...))
		require.NoError(t, err)
	}
	send = export.Dial(t, <-at)
	send(export.SFlow(1))
	require.Eventually(t, func() bool { return flows() == 10+3+4+5+1 }, 10*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, map[uint32]int{7: 22, 1000: 1}, rates, "only NetFlow has the rate")
	counters := pl.Stats().Stages[0].Counters
	require.EqualValues(t, 8, counters["datagrams"])
	require.EqualValues(t, 2, counters["connections"])

	replayed := sink.Count()
	require.NoError(t, pipeline.From(replay.File(path)).To(replayed).Run(t.Context()))
	require.EqualValues(t, 23, replayed.Flows())
}
