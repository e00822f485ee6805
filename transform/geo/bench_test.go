package geo

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// opened is a lookup in the test databases, and a batch of flows that repeat
// addresses that they know.
func opened(tb testing.TB) (*lookup, *flow.Batch) {
	tb.Helper()
	c, err := newConfig("testdata/cities.mmdb", []Option{Also("testdata/systems.mmdb")})
	require.NoError(tb, err)
	l := &lookup{config: c}
	symbols := flow.NewSymbols(0)
	require.NoError(tb, l.Open(context.Background(), pipeline.Env{Logger: slog.New(slog.DiscardHandler), Symbols: symbols}))
	tb.Cleanup(func() { _ = l.Close(context.Background()) })
	b := flow.NewOwner(flow.OwnerConfig{Symbols: symbols}).Begin(0, time.Time{})
	r := rand.New(rand.NewPCG(1, 1))
	for !b.Full() {
		fl := b.Next()
		fl.SetSrcAddr(flow.AddrFrom4([4]byte{192, 0, 2, byte(r.Uint32())}))
		fl.SetDstAddr(flow.AddrFrom4([4]byte{198, 51, 100, byte(r.IntN(128))}))
	}
	return l, b
}

func TestProcessAllocatesNothing(t *testing.T) {
	l, b := opened(t)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = l.Process(context.Background(), b) }))
	require.Positive(t, l.found.Load())
}

func TestUnseenAddressesOfKnownRecordsAllocateNothing(t *testing.T) {
	l, b := opened(t)
	_ = l.Process(context.Background(), b)
	c := l.caches.Take()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		c.slots = [1 << slotBits]slot{}
		for fl := range b.All() {
			c.ask(fl.SrcAddr)
		}
	}))
}

// BenchmarkProcess is the cost of both addresses of a flow in two databases, when
// they were seen before and when only their records were, beside the floor: the
// databases' searches alone. The medians of batches.
func BenchmarkProcess(b *testing.B) {
	l, batch := opened(b)
	_ = l.Process(context.Background(), batch)
	flows, rows := batch.Raw()
	readers := l.databases.set.Load().readers
	c := l.caches.Take()
	l.caches.Give(c)
	var search, unseen, seen []time.Duration
	for b.Loop() {
		begin := time.Now()
		for _, i := range rows {
			src, dst := flows[i].SrcAddr.Netip(), flows[i].DstAddr.Netip()
			for _, r := range readers {
				r.Lookup(src)
				r.Lookup(dst)
			}
		}
		search = append(search, time.Since(begin))
		c.slots = [1 << slotBits]slot{}
		begin = time.Now()
		for _, i := range rows {
			c.search(flows[i].SrcAddr)
			c.search(flows[i].DstAddr)
		}
		unseen = append(unseen, time.Since(begin))
		_ = l.Process(context.Background(), batch)
		begin = time.Now()
		_ = l.Process(context.Background(), batch)
		seen = append(seen, time.Since(begin))
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2].Nanoseconds()) / float64(len(rows))
	}
	b.ReportMetric(median(search), "ns/flow-floor")
	b.ReportMetric(median(unseen), "ns/flow-unseen")
	b.ReportMetric(median(seen), "ns/flow-seen")
}
