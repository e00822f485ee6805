package asn

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

// opened is a lookup in a table of n prefixes, and a batch of flows between them.
func opened(tb testing.TB, n int) (*lookup, *flow.Batch) {
	tb.Helper()
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "%d.%d.%d.0/24,%d,AS %d\n", 1+i>>16, i>>8&255, i&255, 64496+i%1000, i%1000)
	}
	path := filepath.Join(tb.TempDir(), "list.csv")
	require.NoError(tb, os.WriteFile(path, []byte(list.String()), 0o600))
	l, err := newLookup(List(path), nil)
	require.NoError(tb, err)
	symbols := flow.NewSymbols(0)
	require.NoError(tb, l.Open(context.Background(), pipeline.Env{Logger: slog.New(slog.DiscardHandler), Symbols: symbols}))
	tb.Cleanup(func() { _ = l.Close(context.Background()) })
	b := flow.NewOwner(flow.OwnerConfig{Symbols: symbols}).Begin(0, time.Time{})
	r := rand.New(rand.NewPCG(1, 1))
	announced := func() flow.Addr {
		i := r.IntN(n)
		return flow.AddrFrom4([4]byte{byte(1 + i>>16), byte(i >> 8), byte(i), byte(r.Uint32())})
	}
	for !b.Full() {
		fl := b.Next()
		fl.SetSrcAddr(announced())
		fl.SetDstAddr(announced())
	}
	return l, b
}

func TestProcessAllocatesNothing(t *testing.T) {
	l, b := opened(t, 100)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = l.Process(context.Background(), b) }))
	require.Positive(t, l.found.Load())
}

// BenchmarkProcess is the cost of a flow, of both its sides, beside the floor: the
// questions to the table alone.
func BenchmarkProcess(b *testing.B) {
	l, batch := opened(b, 200_000)
	flows, rows := batch.Raw()
	in := *l.in.Load()
	sidebyside.Run(b, len(rows),
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() {
			for _, i := range rows {
				in.find(flows[i].SrcAddr)
				in.find(flows[i].DstAddr)
			}
		}},
		sidebyside.Work{Unit: "ns/flow", Do: func() { _ = l.Process(context.Background(), batch) }},
	)
}
