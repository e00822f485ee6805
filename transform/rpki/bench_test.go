package rpki

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// batch is a full batch of flows between prefixes of a set of n VRPs, whose table
// the validator has.
func batch(tb testing.TB, n int) (*validator, *flow.Batch) {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	var list []vrp.VRP
	for range n {
		p, _ := netip.AddrFrom4([4]byte{byte(1 + r.IntN(222)), byte(r.Uint32()), byte(r.Uint32()), 0}).Prefix(24 - min(r.IntN(16), 8))
		v, err := vrp.New(p, p.Bits(), 64496+r.Uint32N(2))
		require.NoError(tb, err)
		list = append(list, v)
	}
	set := vrp.NewSet(list)
	env := pipeline.Env{}
	v := &validator{db: newDatabase(env, 0, []vrp.Set{set}, false)}
	for i := range v.count {
		v.count[i] = env.Counter("")
	}
	b := flow.NewOwner(flow.OwnerConfig{Size: 512}).Begin(0, time.Time{})
	for !b.Full() {
		fl := b.Next()
		src, dst := set[r.IntN(len(set))], set[r.IntN(len(set))]
		fl.SetSrcAddr(src.Addr)
		fl.SetSrcPrefixLen(src.Bits)
		fl.SetSrcAS(64496)
		fl.SetDstAddr(dst.Addr)
		fl.SetDstPrefixLen(dst.Bits)
		fl.SetDstAS(64496)
	}
	return v, b
}

func TestProcessAllocatesNothing(t *testing.T) {
	v, b := batch(t, 1000)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = v.Process(context.Background(), b) }))
	require.Positive(t, v.count[flow.RPKIValid].Load())
	require.Positive(t, v.count[flow.RPKIInvalid].Load())
}

// BenchmarkProcess is the cost of a flow, of both its sides, beside the floor: the
// questions to the table alone, as the medians of batches.
func BenchmarkProcess(b *testing.B) {
	v, batch := batch(b, 500_000)
	flows, rows := batch.Raw()
	table := v.db.table.Load()
	var ask, process []time.Duration
	for b.Loop() {
		begin := time.Now()
		for _, i := range rows {
			fl := &flows[i]
			table.Validate(fl.SrcAddr, fl.SrcPrefixLen, fl.SrcAS)
			table.Validate(fl.DstAddr, fl.DstPrefixLen, fl.DstAS)
		}
		ask = append(ask, time.Since(begin))
		begin = time.Now()
		_ = v.Process(context.Background(), batch)
		process = append(process, time.Since(begin))
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2].Nanoseconds()) / float64(len(rows))
	}
	b.ReportMetric(median(ask), "ns/flow-floor")
	b.ReportMetric(median(process), "ns/flow")
}
