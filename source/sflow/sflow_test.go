package sflow_test

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/replay"
	"github.com/flowpipeline/pipeline/source/sflow"
)

// running is a pipeline behind a source that listens.
type running struct {
	t      *testing.T
	pl     *pipeline.Pipeline
	cancel context.CancelFunc
	done   chan error
	send   func(payload []byte)
}

// start runs a plan of a source that listens.
func start(t *testing.T, plan func(pipeline.Source) *pipeline.Plan, opts ...sflow.Option) *running {
	t.Helper()
	at := make(chan netip.AddrPort, 1)
	src := sflow.Listen("sflow://127.0.0.1:0", append(opts, sflow.OnListen(func(a netip.AddrPort) { at <- a }))...)
	pl, err := plan(src).Build(pipeline.WithPoison())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{t: t, pl: pl, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- pl.Run(ctx) }()
	r.send = export.Dial(t, <-at)
	return r
}

// stop ends the run once so many datagrams came, and returns the source's counters.
func (r *running) stop(datagrams uint64) map[string]uint64 {
	r.t.Helper()
	defer r.cancel()
	require.Eventually(r.t, func() bool { return r.pl.Stats().Stages[0].Counters["datagrams"] == datagrams }, 10*time.Second, time.Millisecond)
	r.cancel()
	require.NoError(r.t, <-r.done)
	require.NoError(r.t, r.pl.Stats().Check())
	return r.pl.Stats().Stages[0].Counters
}

func TestReceives(t *testing.T) {
	path := t.TempDir() + "/sflow.dgram"
	var flows atomic.Int64
	look := sink.Func("look", func(b *flow.Batch) error {
		for fl := range b.All() {
			if fl.SrcAddr.Netip() != export.Src || fl.SamplingRate != 1000 || fl.Bytes != 100 || fl.Exporter.String() != "192.0.2.1" {
				t.Errorf("%+v", fl)
			}
		}
		flows.Add(int64(b.Len()))
		return nil
	})
	r := start(t, func(src pipeline.Source) *pipeline.Plan { return pipeline.From(src).To(look) }, sflow.Record(path),
		sflow.Allow(netip.MustParsePrefix("127.0.0.1/32")), sflow.MaxDatagram(9000), sflow.ReceiveBuffer(1<<20))
	for i := range 10 {
		r.send(export.SFlow(uint32(i)))
	}
	r.send(export.V5(0, 1))
	counters := r.stop(11)
	require.EqualValues(t, 10, flows.Load())
	require.EqualValues(t, 1, counters["refused_unsupported_version"])

	count := sink.Count()
	require.NoError(t, pipeline.From(replay.File(path)).To(count).Run(t.Context()))
	require.EqualValues(t, 11, count.Flows(), "a replay takes NetFlow as well")
}

func TestMistakes(t *testing.T) {
	for want, src := range map[string]pipeline.Source{
		"the scheme is not":         sflow.Listen("netflow://:2055"),
		"receive buffer":            sflow.Listen(":0", sflow.ReceiveBuffer(0)),
		"rate of 192.0.2.0/24 is 0": sflow.Listen(":0", sflow.SamplingRate(netip.MustParsePrefix("192.0.2.0/24"), 0)),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
}

// TestCountersGoTheirOwnWay sends flows, counters and dropped packets to one
// source, and takes them apart by the type of the record.
func TestCountersGoTheirOwnWay(t *testing.T) {
	for name, c := range map[string]struct {
		opts []sflow.Option
		want map[string]int64
	}{
		"asked for": {[]sflow.Option{sflow.Counters()}, map[string]int64{"flow": 20, "counters": 10, "drop": 10}},
		"default":   {nil, map[string]int64{"flow": 20, "counters": 0, "drop": 10}},
	} {
		t.Run(name, func(t *testing.T) {
			sinks := map[string]*sink.Counter{"flow": sink.Count(), "counters": sink.Count(), "drop": sink.Count()}
			r := start(t, func(src pipeline.Source) *pipeline.Plan {
				return pipeline.From(src).Branch(
					pipeline.When(filter.Expr("record_type counters and if_index 3 and if_in_octets 1000"), pipeline.To(sinks["counters"])),
					pipeline.When(filter.Expr("record_type drop and drop_reason acl and packets 0"), pipeline.To(sinks["drop"])),
				).Filter(filter.Expr("record_type flow and packets 1")).To(sinks["flow"])
			}, c.opts...)
			for i := range 10 {
				r.send(export.SFlow(uint32(2 * i)))
				r.send(export.SFlowAll(uint32(2*i + 1)))
			}
			counters := r.stop(20)
			for kind, n := range c.want {
				require.EqualValues(t, n, sinks[kind].Flows(), kind)
			}
			require.EqualValues(t, 10, counters["counter_samples"])
			require.Zero(t, counters["lost_datagrams"]+counters["lost_flow_samples"]+counters["sequence_resets"])
		})
	}
}

// TestAgents asks what came from an agent that sends damage and loses datagrams.
func TestAgents(t *testing.T) {
	var got []sflow.Agent
	r := start(t, func(src pipeline.Source) *pipeline.Plan { return pipeline.From(src).To(sink.Discard()) },
		sflow.OnAgents(func(list []sflow.Agent) { got = list }))
	r.send(export.SFlow(1))
	r.send(export.SFlow(5))
	r.send(append(export.SFlow(6), 0))
	damaged := export.SFlow(7)
	r.send(damaged[:len(damaged)-4])
	r.send(damaged[:7]) // it does not tell its agent
	counters := r.stop(5)
	require.EqualValues(t, 1, counters["refused_truncated_datagram"])
	require.Len(t, got, 1)
	a := got[0]
	require.Equal(t, "192.0.2.1", a.Exporter.String())
	require.Equal(t, []uint64{4, 3}, []uint64{a.Datagrams, a.LostDatagrams})
	lost, refused := map[string]uint64{}, map[string]uint64{}
	for k, n := range a.LostSamples {
		lost[sflow.Kind(k).String()] = n
	}
	for r, n := range a.Refused {
		if n > 0 {
			refused[sflow.Reason(r).String()] = n
		}
	}
	require.Equal(t, map[string]uint64{"flow": 3, "counter": 0, "drop": 0}, lost)
	require.Equal(t, map[string]uint64{"trailing_bytes": 1, "truncated_sample": 1}, refused)
}

func TestSamplingRateByAgent(t *testing.T) {
	look := sink.Each("look", func(fl *flow.Flow) error {
		if fl.SamplingRate != 77 {
			t.Errorf("%d: the address is the agent's, not the sender's", fl.SamplingRate)
		}
		return nil
	})
	r := start(t, func(src pipeline.Source) *pipeline.Plan { return pipeline.From(src).To(look) },
		sflow.SamplingRate(netip.MustParsePrefix("192.0.2.0/24"), 77), sflow.SamplingRate(netip.MustParsePrefix("127.0.0.0/8"), 88))
	r.send(export.SFlow(0))
	require.EqualValues(t, 1, r.stop(1)["flow_samples"])
}
