package protonames

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/sidebyside"
)

// opened is both transforms, and a batch of flows from servers of the web.
func opened(tb testing.TB) (*protocolNames, *serviceNames, *flow.Batch) {
	tb.Helper()
	p, s, symbols := new(protocolNames), new(serviceNames), flow.NewSymbols(0)
	require.NoError(tb, p.Open(context.Background(), pipeline.Env{Symbols: symbols}))
	require.NoError(tb, s.Open(context.Background(), pipeline.Env{Symbols: symbols}))
	b := flow.NewOwner(flow.OwnerConfig{Symbols: symbols}).Begin(0, time.Time{})
	for !b.Full() {
		fl := b.Next()
		fl.SetProto(tcp)
		fl.SetSrcPort(443)
		fl.SetDstPort(uint16(50000 + b.Index(fl)))
	}
	return p, s, b
}

// forget has the flows have no names.
func forget(b *flow.Batch) {
	for fl := range b.All() {
		b.Clear(fl, flow.FieldAppName)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	p, s, b := opened(t)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		forget(b)
		_ = p.Process(context.Background(), b)
		_ = s.Process(context.Background(), b)
	}))
	require.Positive(t, s.named.Load())
}

// BenchmarkProcess is the cost of a flow, beside the floor: setting one name.
func BenchmarkProcess(b *testing.B) {
	p, s, batch := opened(b)
	sidebyside.Run(b, batch.Len(),
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() {
			for fl := range batch.All() {
				batch.SetProtoName(fl, 1)
			}
		}},
		sidebyside.Work{Unit: "ns/flow-protocols", Do: func() { _ = p.Process(context.Background(), batch) }},
		sidebyside.Work{Do: func() { forget(batch) }},
		sidebyside.Work{Unit: "ns/flow-services", Do: func() { _ = s.Process(context.Background(), batch) }},
	)
}
