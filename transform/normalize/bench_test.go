package normalize

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/sidebyside"
)

// opened is a transform, and a batch of sampled flows.
func opened(tb testing.TB) (*normalizer, *flow.Batch) {
	tb.Helper()
	n, err := newNormalizer(nil)
	require.NoError(tb, err)
	require.NoError(tb, n.Open(context.Background(), pipeline.Env{}))
	b := flow.NewOwner(flow.OwnerConfig{}).Begin(0, time.Time{})
	for !b.Full() {
		fl := b.Next()
		fl.SetBytes(1500)
		fl.SetPackets(1)
		fl.SetSamplingRate(1000)
		b.SetReverseBytes(fl, 40)
	}
	return n, b
}

// forget has the flows be as before.
func forget(b *flow.Batch) {
	for fl := range b.All() {
		fl.Clear(flow.FieldNormalized)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	n, b := opened(t)
	require.Zero(t, testing.AllocsPerRun(100, func() { forget(b); _ = n.Process(context.Background(), b) }))
	require.Positive(t, n.normalized.Load())
}

// BenchmarkProcess is the cost of a flow, beside the floor: three multiplications.
func BenchmarkProcess(b *testing.B) {
	n, batch := opened(b)
	flows, rows := batch.Raw()
	reverse, _ := flow.Column[uint64](batch, flow.FieldReverseBytes)
	sidebyside.Run(b, len(rows),
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() {
			for _, i := range rows {
				rate := uint64(flows[i].SamplingRate)
				flows[i].Bytes *= rate
				flows[i].Packets *= rate
				reverse[i] *= rate
			}
		}},
		sidebyside.Work{Do: func() { forget(batch) }},
		sidebyside.Work{Unit: "ns/flow", Do: func() { _ = n.Process(context.Background(), batch) }},
	)
}
