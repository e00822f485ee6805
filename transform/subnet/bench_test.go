package subnet

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/sidebyside"
)

// opened is a transform with a list of n networks, and a batch of flows between
// them.
func opened(tb testing.TB, n int) (*subnets, *flow.Batch) {
	tb.Helper()
	var list strings.Builder
	list.WriteString("10.0.0.0/8,1,all\n")
	for i := range n {
		fmt.Fprintf(&list, "10.%d.%d.0/24,%d,network %d\n", i>>8, i&255, i+2, i)
	}
	path := filepath.Join(tb.TempDir(), "list.csv")
	require.NoError(tb, os.WriteFile(path, []byte(list.String()), 0o600))
	made, err := newSubnets(path, nil, networks)
	require.NoError(tb, err)
	symbols := flow.NewSymbols(0)
	require.NoError(tb, made.Open(context.Background(), pipeline.Env{Logger: slog.New(slog.DiscardHandler), Symbols: symbols}))
	tb.Cleanup(func() { _ = made.Close(context.Background()) })
	b := flow.NewOwner(flow.OwnerConfig{Symbols: symbols}).Begin(0, time.Time{})
	r := rand.New(rand.NewPCG(1, 1))
	for !b.Full() {
		fl := b.Next()
		fl.SetSrcAddr(flow.AddrFrom4([4]byte{10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}))
		fl.SetDstAddr(flow.AddrFrom4([4]byte{10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}))
	}
	return made, b
}

func TestProcessAllocatesNothing(t *testing.T) {
	s, b := opened(t, 100)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = s.Process(context.Background(), b) }))
	require.Positive(t, s.found.Load())
}

// BenchmarkProcess is the cost of a flow, of both its sides, beside the floor: the
// questions to the table alone.
func BenchmarkProcess(b *testing.B) {
	s, batch := opened(b, 20_000)
	flows, rows := batch.Raw()
	table := s.table.Load()
	sidebyside.Run(b, len(rows),
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() {
			for _, i := range rows {
				table.Longest(flows[i].SrcAddr)
				table.Longest(flows[i].DstAddr)
			}
		}},
		sidebyside.Work{Unit: "ns/flow", Do: func() { _ = s.Process(context.Background(), batch) }},
	)
}
