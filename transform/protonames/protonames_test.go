package protonames_test

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
	"github.com/flowpipeline/pipeline/transform/protonames"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// flows of a protocol and two ports each.
func of(proto uint8, src, dst uint16) (fl flow.Flow) {
	fl.SetProto(proto)
	fl.SetSrcPort(src)
	fl.SetDstPort(dst)
	return fl
}

// texts are what a field holds behind transforms, by flow.
func texts(t *testing.T, f flow.Field, flows []flow.Flow, through ...pipeline.Transform) (all []string) {
	t.Helper()
	got := pipelinetest.Record()
	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(through...).To(got))
	got.Each(func(b *flow.Batch, fl *flow.Flow) {
		text, ok := b.Text(fl, f)
		require.Equal(t, ok, len(text) > 0)
		all = append(all, string(text))
	})
	return all
}

func TestProtocols(t *testing.T) {
	flows := []flow.Flow{of(6, 0, 0), of(58, 0, 0), of(0, 0, 0), of(200, 0, 0), {}}
	require.Equal(t, []string{"TCP", "IPv6-ICMP", "HOPOPT", "", ""}, texts(t, flow.FieldProtoName, flows, protonames.Protocols()))
}

func TestServices(t *testing.T) {
	flows := []flow.Flow{
		of(6, 50000, 443), of(17, 443, 50000), of(6, 22, 443), of(6, 50000, 514), of(17, 50000, 514),
		of(17, 50000, 22), of(1, 0, 80), of(132, 50000, 179), {},
	}
	require.Equal(t, []string{"https", "https", "https", "shell", "syslog", "", "", "bgp", ""}, texts(t, flow.FieldAppName, flows, protonames.Services()))
}

func TestWhatTheExporterToldStays(t *testing.T) {
	told := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			b.SetText(fl, flow.FieldAppName, "youtube")
		}
		return nil
	})
	require.Equal(t, []string{"youtube"}, texts(t, flow.FieldAppName, []flow.Flow{of(6, 1, 443)}, told, protonames.Services()))
}

func TestCounters(t *testing.T) {
	flows := []flow.Flow{of(6, 1, 443), of(6, 1, 2), of(200, 1, 443)}
	p, err := pipeline.From(pipelinetest.Flows(flows...)).Through(protonames.Protocols(), protonames.Services()).To(sink.Discard()).
		Build(pipeline.WithSymbols(flow.NewSymbols(146 + 1)))
	require.NoError(t, err)
	require.NoError(t, p.Run(t.Context()))
	s, _ := p.Stats().Stage("protocols")
	require.Equal(t, map[string]uint64{"named": 2, "unnamed": 1, "refused_names": 0}, s.Counters)
	s, _ = p.Stats().Stage("services")
	require.Positive(t, s.Counters["refused_names"])
	require.EqualValues(t, 3, s.Counters["named"]+s.Counters["unnamed"])
}

func TestConformance(t *testing.T) {
	pipelinetest.TestTransform(t, protonames.Protocols)
	pipelinetest.TestTransform(t, protonames.Services)
}

func TestBothInOneLine(t *testing.T) {
	var out bytes.Buffer
	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(of(17, 53, 50000))).Through(protonames.Protocols(), protonames.Services()).To(sink.JSON(&out)))
	require.Equal(t, `{"proto":17,"src_port":53,"dst_port":50000,"application_name":"domain","proto_name":"UDP"}`+"\n", out.String())
}
