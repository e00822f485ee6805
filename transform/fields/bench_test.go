package fields

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/sidebyside"
)

// opened is a transform that keeps a 5-tuple, and a batch of flows that have more.
func opened(tb testing.TB) (*clearer, *flow.Batch) {
	tb.Helper()
	c := &clearer{names: []string{"src_addr", "dst_addr", "src_port", "dst_port", "proto"}, keep: true}
	require.NoError(tb, c.Bind(nil))
	b := flow.NewOwner(flow.OwnerConfig{}).Begin(0, time.Time{})
	for !b.Full() {
		b.Next()
	}
	refill(b)
	return c, b
}

func refill(b *flow.Batch) {
	for fl := range b.All() {
		fl.SetSrcPort(443)
		fl.SetBytes(1500)
		fl.SetPackets(1)
		fl.SetTCPFlags(2)
		b.SetReverseBytes(fl, 40)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	c, b := opened(t)
	require.Zero(t, testing.AllocsPerRun(100, func() { refill(b); _ = c.Process(context.Background(), b) }))
}

// BenchmarkKeep is the cost of a flow beside the floor: taking the fields out that it
// has, which nobody knows before.
func BenchmarkKeep(b *testing.B) {
	c, batch := opened(b)
	sidebyside.Run(b, batch.Len(),
		sidebyside.Work{Do: func() { refill(batch) }},
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() {
			for fl := range batch.All() {
				fl.Clear(flow.FieldBytes)
				fl.Clear(flow.FieldPackets)
				fl.Clear(flow.FieldTCPFlags)
				batch.Clear(fl, flow.FieldReverseBytes)
			}
		}},
		sidebyside.Work{Do: func() { refill(batch) }},
		sidebyside.Work{Unit: "ns/flow", Do: func() { _ = c.Process(context.Background(), batch) }},
	)
}
