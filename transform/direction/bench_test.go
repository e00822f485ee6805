package direction

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/sidebyside"
)

// opened is a transform that knows a thousand prefixes, and a batch of flows, half of
// whose addresses are in one.
func opened(tb testing.TB) (*direction, *flow.Batch) {
	tb.Helper()
	var prefixes []netip.Prefix
	for i := range 1000 {
		prefixes = append(prefixes, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 7), byte(i << 1), 0}), 24))
	}
	d := &direction{config: newConfig([]Option{Prefixes(prefixes...)})}
	require.NoError(tb, d.Open(context.Background(), pipeline.Env{Logger: slog.New(slog.DiscardHandler)}))
	tb.Cleanup(func() { _ = d.Close(context.Background()) })
	b := flow.NewOwner(flow.OwnerConfig{}).Begin(0, time.Time{})
	r := rand.New(rand.NewPCG(1, 1))
	for !b.Full() {
		fl := b.Next()
		fl.SetSrcAddr(flow.AddrFrom4([4]byte{10, byte(r.IntN(8)), byte(r.Uint32()), 1}))
		fl.SetDstAddr(flow.AddrFrom4([4]byte{10, byte(r.IntN(8)), byte(r.Uint32()), 1}))
	}
	return d, b
}

func TestProcessAllocatesNothing(t *testing.T) {
	d, b := opened(t)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = d.Process(context.Background(), b) }))
}

// BenchmarkProcess is the cost of a flow beside the floor: the questions to the table
// for both addresses.
func BenchmarkProcess(b *testing.B) {
	d, batch := opened(b)
	flows, rows := batch.Raw()
	table := d.set.Table()
	sidebyside.Run(b, len(rows),
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() {
			for _, i := range rows {
				table.Has(flows[i].SrcAddr)
				table.Has(flows[i].DstAddr)
			}
		}},
		sidebyside.Work{Unit: "ns/flow", Do: func() { _ = d.Process(context.Background(), batch) }},
	)
}
