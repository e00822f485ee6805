package fields_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/fields"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ext = flow.Extension[uint32]("ext")

// fill sets every field of the schema, and an extension.
func fill(_ context.Context, b *flow.Batch) error {
	for fl := range b.All() {
		for _, f := range append(flow.Fields(), b.Layout().Extensions()...) {
			switch b.Layout().Info(f).Kind {
			case flow.KindAddr:
				b.SetAddr(fl, f, flow.AddrFrom4([4]byte{192, 0, 2, 1}))
			case flow.KindAddrs:
				b.SetAddrs(fl, f, []flow.Addr{{15: 1}})
			case flow.KindU32s:
				b.SetU32s(fl, f, []uint32{7})
			case flow.KindText, flow.KindSymbol, flow.KindCountry:
				b.SetText(fl, f, "DE")
			default:
				b.SetUint(fl, f, 1)
			}
		}
	}
	return nil
}

// left are the fields of a full flow that a transform leaves.
func left(t *testing.T, tr pipeline.Transform) (names []string) {
	t.Helper()
	got := pipelinetest.Record()
	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(make([]flow.Flow, 1)...)).Through(pipeline.TransformFunc(fill), tr).To(got),
		pipeline.WithExtensions(ext))
	got.Each(func(b *flow.Batch, fl *flow.Flow) {
		for _, f := range append(flow.Fields(), b.Layout().Extensions()...) {
			if b.Has(fl, f) {
				names = append(names, b.Layout().Info(f).Name)
			}
		}
	})
	return names
}

func TestKeep(t *testing.T) {
	require.ElementsMatch(t, []string{"src_addr", "bytes", "mpls_label", "note", "ext"},
		left(t, fields.Keep("src_addr", "Bytes", "mpls_label", "Note", "ext")))
	require.Equal(t, []string{"proto"}, left(t, fields.Keep("proto")))
}

// TestDrop takes each field out alone.
func TestDrop(t *testing.T) {
	all := left(t, pipeline.Each(func(*flow.Flow) {}))
	require.Len(t, all, len(flow.Fields())+1)
	for _, name := range all {
		rest := left(t, fields.Drop(name))
		require.Len(t, rest, len(all)-1, name)
		require.NotContains(t, rest, name)
	}
}

func TestOtherFlowsStay(t *testing.T) {
	var first, second flow.Flow
	first.SetSrcPort(1)
	second.SetSrcPort(2)
	second.SetDstPort(3)
	var out bytes.Buffer
	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(first, second)).Through(fields.Drop("src_port")).To(sink.JSON(&out)))
	require.Equal(t, "{}\n{\"dst_port\":3}\n", out.String())
}

func TestMistakes(t *testing.T) {
	for want, tr := range map[string]pipeline.Transform{
		"no field is named":           fields.Keep(),
		`there is no field "src_as1"`: fields.Drop("src_as", "src_as1"),
		`there is no field ""`:        fields.Drop(""),
	} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(tr).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
}

func TestConformance(t *testing.T) {
	pipelinetest.TestTransform(t, func() pipeline.Transform { return fields.Keep("src_addr", "bytes") })
	pipelinetest.TestTransform(t, func() pipeline.Transform { return fields.Drop("src_addr", "note") })
}
