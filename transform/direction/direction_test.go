package direction_test

import (
	"net/netip"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/direction"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var own = direction.Prefixes(netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32"))

// between is a flow from one address to another, of a direction there is none of.
func between(src, dst string) (fl flow.Flow) {
	fl.SetSrcAddr(flow.MustParseAddr(src))
	fl.SetDstAddr(flow.MustParseAddr(dst))
	fl.SetDirection(7)
	return fl
}

func TestLocal(t *testing.T) {
	flows := []flow.Flow{
		between("192.0.2.1", "10.0.0.1"), between("10.0.0.1", "2001:db8::1"), between("192.0.2.1", "2001:db8::1"), between("10.0.0.1", ""),
	}
	run := func(opts ...direction.Option) (all []any, counters map[string]uint64) {
		got := pipelinetest.Record()
		stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(direction.Local(opts...)).To(got))
		for _, fl := range got.Flows() {
			all = append(all, nil)
			if fl.Has(flow.FieldDirection) {
				all[len(all)-1] = int(fl.Direction)
			}
		}
		s, _ := stats.Stage("direction")
		return all, s.Counters
	}
	all, counters := run(own)
	require.Equal(t, []any{flow.DirectionEgress, flow.DirectionIngress, 7, 7}, all)
	require.Equal(t, map[string]uint64{"egress": 1, "ingress": 1, "internal": 1, "external": 1, "reloads": 0, "failed_reloads": 0}, counters)
	all, _ = run(own, direction.Replace())
	require.Equal(t, []any{flow.DirectionEgress, flow.DirectionIngress, nil, nil}, all)
}

func TestMistakes(t *testing.T) {
	for _, tr := range []pipeline.Transform{direction.Local(), direction.Local(direction.File("")), direction.Local(own, direction.Reload(0))} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(tr).To(sink.Discard()).Build()
		require.ErrorContains(t, err, "direction: ")
	}
	_, err := pipelinetest.RunError(t, pipeline.From(pipelinetest.Flows()).Through(direction.Local(direction.File("missing"))).To(sink.Discard()))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestConformance(t *testing.T) {
	low := direction.Prefixes(netip.MustParsePrefix("0.0.0.0/1"))
	pipelinetest.TestTransform(t, func() pipeline.Transform { return direction.Local(low, direction.Replace()) })
}
