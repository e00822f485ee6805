package normalize_test

import (
	"context"
	"math"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/normalize"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sampled is a flow of ten packets; a rate of 0 is absent.
func sampled(rate uint32, exporter string) (fl flow.Flow) {
	fl.SetBytes(1500)
	fl.SetPackets(10)
	fl.SetExporter(flow.MustParseAddr(exporter))
	if rate != 0 {
		fl.SetSamplingRate(rate)
	}
	return fl
}

// run runs flows through transforms.
func run(t *testing.T, flows []flow.Flow, through ...pipeline.Transform) (*pipelinetest.Recorder, map[string]uint64) {
	t.Helper()
	got := pipelinetest.Record()
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(through...).To(got))
	s, _ := stats.Stage("normalize")
	return got, s.Counters
}

func TestTwiceIsOnce(t *testing.T) {
	flows := []flow.Flow{sampled(100, "192.0.2.1"), sampled(1, "192.0.2.1")}
	for _, through := range [][]pipeline.Transform{{normalize.Volume()}, {normalize.Volume(), normalize.Volume(normalize.Fallback(7))}} {
		got, _ := run(t, flows, through...)
		fl := got.Flows()[0]
		require.EqualValues(t, 150_000, fl.Bytes)
		require.EqualValues(t, 1000, fl.Packets)
		require.EqualValues(t, 100, fl.SamplingRate, "it stays")
		require.EqualValues(t, 1, fl.Normalized)
		require.EqualValues(t, 1500, got.Flows()[1].Bytes)
		require.EqualValues(t, 1, got.Flows()[1].Normalized)
	}
}

func TestFallback(t *testing.T) {
	flows := []flow.Flow{sampled(0, "192.0.2.1"), sampled(0, "192.0.2.129"), sampled(0, "198.51.100.1"), sampled(5, "192.0.2.1"), {}}
	rates := func(opts ...normalize.Option) (all []uint32) {
		got, _ := run(t, flows, normalize.Volume(opts...))
		for _, fl := range got.Flows() {
			if !fl.Has(flow.FieldSamplingRate) {
				require.False(t, fl.Has(flow.FieldNormalized))
			}
			all = append(all, fl.SamplingRate)
			require.Equal(t, 1500*uint64(max(1, fl.SamplingRate))*min(1, fl.Bytes), fl.Bytes)
		}
		return all
	}
	wide, narrow := netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.0.2.128/25")
	require.Equal(t, []uint32{0, 0, 0, 5, 0}, rates())
	require.Equal(t, []uint32{9, 9, 9, 5, 9}, rates(normalize.Fallback(9)))
	require.Equal(t, []uint32{10, 20, 0, 5, 0}, rates(normalize.FallbackFor(wide, 10), normalize.FallbackFor(narrow, 20)))
	require.Equal(t, []uint32{10, 20, 9, 5, 9}, rates(normalize.FallbackFor(narrow, 20), normalize.FallbackFor(wide, 10), normalize.Fallback(9)))
	_, counters := run(t, flows, normalize.Volume(normalize.FallbackFor(narrow, 20)))
	require.Equal(t, map[string]uint64{"normalized": 2, "already": 0, "unknown_rate": 3, "fallback": 1, "saturated": 0}, counters)
}

func TestColumns(t *testing.T) {
	set := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			b.SetReverseBytes(fl, 7)
			b.SetBytesTotal(fl, 7)
		}
		return nil
	})
	got, _ := run(t, []flow.Flow{sampled(100, "192.0.2.1")}, set, normalize.Volume())
	got.Each(func(b *flow.Batch, fl *flow.Flow) {
		v, _ := b.ReverseBytes(fl)
		require.EqualValues(t, 700, v)
		v, _ = b.BytesTotal(fl)
		require.EqualValues(t, 7, v, "a running total")
		require.False(t, b.Has(fl, flow.FieldReversePackets))
	})
}

func TestOverflow(t *testing.T) {
	fl := sampled(1<<31, "192.0.2.1")
	fl.SetBytes(1 << 33)
	got, counters := run(t, []flow.Flow{fl}, normalize.Volume())
	require.EqualValues(t, uint64(math.MaxUint64), got.Flows()[0].Bytes)
	require.EqualValues(t, uint64(10)<<31, got.Flows()[0].Packets)
	require.EqualValues(t, 1, counters["saturated"])
}

func TestMistakes(t *testing.T) {
	for _, tr := range []pipeline.Transform{
		normalize.Volume(normalize.Fallback(0)),
		normalize.Volume(normalize.FallbackFor(netip.Prefix{}, 1)),
		normalize.Volume(normalize.FallbackFor(netip.MustParsePrefix("::/0"), 0)),
	} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(tr).To(sink.Discard()).Build()
		require.ErrorContains(t, err, "normalize: ")
	}
}

func TestConformance(t *testing.T) {
	pipelinetest.TestTransform(t, func() pipeline.Transform { return normalize.Volume(normalize.Fallback(10)) })
}
