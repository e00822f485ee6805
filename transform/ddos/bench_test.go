package ddos

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

const begin = 1767225600 * int64(1e9)

// live is a detector that is open, and many batches of flows to n hosts, all within
// a slot.
func live(tb testing.TB, n, batches int, opts ...Option) (*detector, []*flow.Batch) {
	tb.Helper()
	c, err := newConfig(opts)
	require.NoError(tb, err)
	g, err := c.groups()
	require.NoError(tb, err)
	d := &detector{config: c, groups: g}
	require.NoError(tb, d.Open(tb.Context(), pipeline.Env{}))
	layout, err := flow.NewLayout(Fields()...)
	require.NoError(tb, err)
	r := rand.New(rand.NewPCG(1, 2))
	var list []*flow.Batch
	for range batches {
		b := flow.NewOwner(flow.OwnerConfig{Size: 512, Layout: layout}).Begin(0, time.Time{})
		b.Runtime().SetNow(begin)
		for !b.Full() {
			fl := b.Next()
			host := r.IntN(n)
			fl.SetDstAddr(flow.AddrFrom4([4]byte{10, byte(host >> 16), byte(host >> 8), byte(host)}))
			fl.SetSrcAddr(flow.AddrFrom4([4]byte{100, 64, byte(r.Uint32()), byte(r.Uint32())}))
			fl.SetProto(flow.ProtoTCP)
			fl.SetTCPFlags(0x1b)
			fl.SetDstPort(443)
			fl.SetPackets(5)
			fl.SetBytes(3000)
			fl.SetTimeStart(begin)
			fl.SetTimeEnd(begin + int64(r.IntN(1e8)))
		}
		list = append(list, b)
	}
	return d, list
}

func TestProcessAllocatesNothing(t *testing.T) {
	d, batches := live(t, 1000, 4, Hosts(Floors{TCP: {Packets: 100}}))
	run := func() {
		for _, b := range batches {
			_ = d.Process(context.Background(), b)
		}
	}
	run()
	require.NotEmpty(t, d.candidates.list) // both kinds of keys
	require.Zero(t, testing.AllocsPerRun(10, run))
}

func TestTickAllocatesNothing(t *testing.T) {
	d, batches := live(t, 100, 4)
	_ = d.Process(context.Background(), batches[0])
	now := begin
	require.Zero(t, testing.AllocsPerRun(10, func() {
		now += slotLen
		_, _ = d.Tick(context.Background(), now, false, batches[1])
	}))
}

// BenchmarkProcess is the cost of a flow among a million live hosts, beside the
// floor: one update of a Go map with an entry for each host. Medians of batches, in
// turns, each to hosts drawn anew.
func BenchmarkProcess(b *testing.B) {
	const hosts = 1 << 20
	d, batches := live(b, hosts, 1, Keys(2<<20))
	batch := batches[0]
	flows, rows := batch.Raw()
	r := rand.New(rand.NewPCG(11, 12))
	host := func(n int) flow.Addr { return flow.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}) }
	type totals struct{ packets, bytes uint64 }
	table := make(map[flow.Addr]totals, hosts)
	plain := func() {
		for _, i := range rows {
			fl := &flows[i]
			t := table[fl.DstAddr]
			t.packets += fl.Packets
			t.bytes += fl.Bytes
			table[fl.DstAddr] = t
		}
	}
	process := func() { _ = d.Process(context.Background(), batch) }
	timed := func(fn func()) time.Duration {
		for _, i := range rows {
			flows[i].DstAddr = host(r.IntN(hosts))
		}
		at := time.Now()
		fn()
		return time.Since(at)
	}
	for n := 0; n < hosts; n += len(rows) { // all hosts are known
		for i := range rows {
			flows[i].DstAddr = host(n + i)
		}
		process()
		plain()
	}
	var floor, ours []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		floor = append(floor, timed(plain))
		ours = append(ours, timed(process))
	}
	median := func(times []time.Duration) float64 {
		slices.Sort(times)
		return float64(times[len(times)/2].Nanoseconds()) / float64(len(rows))
	}
	b.ReportMetric(median(floor), "ns/flow-map")
	b.ReportMetric(median(ours), "ns/flow")
}

// BenchmarkTick judges as many candidates as there may be.
func BenchmarkTick(b *testing.B) {
	d, batches := live(b, 1<<20, 200, Hosts(Floors{TCP: {Packets: 1}}))
	for _, batch := range batches {
		_ = d.Process(context.Background(), batch)
	}
	require.Len(b, d.candidates.list, d.config.candidates)
	d.judge.rules.samples = 1e9 // none is under attack
	now := begin + 5*slotLen
	out := flow.NewOwner(flow.OwnerConfig{Size: 512}).Begin(0, time.Time{})
	for b.Loop() {
		_, _ = d.Tick(context.Background(), now, false, out)
	}
	b.ReportMetric(float64(len(d.candidates.list)), "candidates")
}
