package normalize

import (
	"context"
	"math"
	"math/bits"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// columns are the fields beside the flows that are multiplied.
var columns = [...]flow.Field{
	flow.FieldBytesLayer2, flow.FieldBytesOut, flow.FieldPacketsOut, flow.FieldReverseBytes, flow.FieldReversePackets,
}

// Volume returns a transform that multiplies what flows count by their sampling
// rate.
func Volume(opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("normalize", func() (pipeline.Transform, error) { return newNormalizer(opts) })
}

func newNormalizer(opts []Option) (*normalizer, error) {
	c, err := newConfig(opts)
	return &normalizer{config: c}, err
}

type normalizer struct {
	config
	normalized, already, unknown, fellBack, saturated *pipeline.Counter
}

// Concurrent implements pipeline.Concurrent.
func (n *normalizer) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (n *normalizer) Open(_ context.Context, env pipeline.Env) error {
	n.normalized, n.already, n.unknown = env.Counter("normalized"), env.Counter("already"), env.Counter("unknown_rate")
	n.fellBack, n.saturated = env.Counter("fallback"), env.Counter("saturated")
	return nil
}

// tally counts what became of a batch.
type tally struct{ normalized, already, unknown, fellBack, saturated uint64 }

// Process implements pipeline.Transform. It neither waits nor allocates.
func (n *normalizer) Process(_ context.Context, b *flow.Batch) error {
	var t tally
	var used [len(columns)]column
	there := used[:0]
	for _, f := range columns {
		if vals, has := flow.Column[uint64](b, f); has != nil {
			there = append(there, column{vals, has})
		}
	}
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		if fl.Normalized != 0 {
			t.already++
			continue
		}
		if !n.rated(fl, &t) {
			continue
		}
		rate := uint64(fl.SamplingRate)
		fl.Bytes, fl.Packets = t.times(fl.Bytes, rate), t.times(fl.Packets, rate)
		for _, c := range there {
			if c.has[i] {
				c.vals[i] = t.times(c.vals[i], rate)
			}
		}
		fl.SetNormalized(1)
		t.normalized++
	}
	n.normalized.Add(t.normalized)
	n.already.Add(t.already)
	n.unknown.Add(t.unknown)
	n.fellBack.Add(t.fellBack)
	n.saturated.Add(t.saturated)
	return nil
}

// column is a column that is in use.
type column struct {
	vals []uint64
	has  []bool
}

// rated reports whether a flow has a rate, which it may get.
func (n *normalizer) rated(fl *flow.Flow, t *tally) bool {
	if fl.SamplingRate != 0 {
		return true
	}
	rate := uint32(0)
	if len(n.rules) > 0 {
		rate = n.rules.Of(fl.Exporter.Netip())
	}
	if rate == 0 && n.fallback != nil {
		rate = *n.fallback
	}
	if rate == 0 {
		t.unknown++
		return false
	}
	fl.SetSamplingRate(rate)
	t.fellBack++
	return true
}

// times multiplies; what does not fit becomes the greatest number.
func (t *tally) times(v, rate uint64) uint64 {
	hi, lo := bits.Mul64(v, rate)
	if hi != 0 {
		t.saturated++
		return math.MaxUint64
	}
	return lo
}
