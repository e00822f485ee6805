package geo

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/sidebyside"
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
// databases' searches alone.
func BenchmarkProcess(b *testing.B) {
	l, batch := opened(b)
	_ = l.Process(context.Background(), batch)
	flows, rows := batch.Raw()
	readers := l.databases.set.Load().readers
	c := l.caches.Take()
	l.caches.Give(c)
	sidebyside.Run(b, len(rows),
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() {
			for _, i := range rows {
				src, dst := flows[i].SrcAddr.Netip(), flows[i].DstAddr.Netip()
				for _, r := range readers {
					r.Lookup(src)
					r.Lookup(dst)
				}
			}
		}},
		sidebyside.Work{Unit: "ns/flow-unseen", Do: func() {
			for _, i := range rows {
				c.search(flows[i].SrcAddr)
				c.search(flows[i].DstAddr)
			}
		}},
		sidebyside.Work{Unit: "ns/flow-seen", Do: func() { _ = l.Process(context.Background(), batch) }},
	)
}
