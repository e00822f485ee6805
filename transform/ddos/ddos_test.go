package ddos_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/floods"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/ddos"
)

func TestConformance(t *testing.T) {
	pipelinetest.TestTransform(t, func() pipeline.Transform {
		return ddos.Detect(ddos.Keys(1024))
	})
}

func TestSameEventsInAnyBatchesAndLanes(t *testing.T) {
	traffic := append(scenarios["host and carpet"].traffic, scenarios["dns amplification"].traffic...)
	want := events(t, detect, 100, traffic)
	require.Len(t, want, 9)
	for _, size := range []int{1, 7, 4096} {
		require.Equal(t, want, events(t, detect, 100, traffic, pipeline.WithBatchSize(size)), "in batches of %d", size)
	}
	for _, lanes := range []int{2, 3, 4} {
		got := events(t, func(src pipeline.Source) pipeline.Stream {
			return pipeline.From(src).Repartition(lanes).Through(ddos.Detect(ddos.Keys(1 << 14)))
		}, 100, traffic)
		require.Equal(t, round(want), round(got), "on %d lanes", lanes)
	}
}

// round leaves out what the order of a sum in floating point changes, and what lanes
// that are ahead have seen already.
func round(list []ddos.Event) []ddos.Event {
	for i := range list {
		list[i].Sources, list[i].Evidence, list[i].SrcPorts = 0, nil, nil
		for _, n := range []*uint64{&list[i].Packets, &list[i].Bytes, &list[i].Rate.Bits, &list[i].Rate.Packets, &list[i].Peak.Bits, &list[i].Peak.Packets} {
			*n = (*n + 500) / 1000 * 1000
		}
	}
	return list
}

func TestEventTellsTheAttack(t *testing.T) {
	e := events(t, detect, 1, []floods.Traffic{{
		At: 10 * s, For: 20 * s, Rate: 100e3, Size: 468, Packets: 10, Sources: 3000, Src: many, SrcAS: 64500,
		Dst: victim, Proto: flow.ProtoUDP, SrcPort: 123,
	}})[2]
	require.Equal(t, ddos.End, e.Phase)
	require.InEpsilon(t, 100e3, float64(e.Rate.Packets), 0.01)
	require.InEpsilon(t, 100e3*468*8, float64(e.Rate.Bits), 0.01)
	require.InEpsilon(t, 10e3, float64(e.Rate.Flows), 0.01)
	require.InEpsilon(t, 100e3, float64(e.Peak.Packets), 0.01)
	require.InEpsilon(t, 2e6, float64(e.Packets), 0.01)
	require.InEpsilon(t, 2e6*468, float64(e.Bytes), 0.01)
	require.InEpsilon(t, 3000, e.Sources, 0.2)
	require.Zero(t, e.Error)
	require.Equal(t, []uint16{123}, e.SrcPorts)
	require.Equal(t, []uint32{64500}, e.SrcASes)
	require.Equal(t, "flowspec dst 192.0.2.7/32 proto 17 src-port 123 packet-length 468-468 discard", e.Action)
	require.Len(t, e.Evidence, ddos.MaxEvidence)
	for _, f := range e.Evidence {
		require.Equal(t, victim.Addr(), f.DstAddr.Netip())
		require.Equal(t, uint16(123), f.SrcPort)
		require.Equal(t, f.Packets*468, f.Bytes)
	}
}

func TestErrorOfSampling(t *testing.T) {
	list := events(t, detect, 4096, scenarios["udp flood"].traffic)
	first := list[0] // 3 slots of 24 samples each, on average
	require.InDelta(t, 0.23, first.Error, 0.06)
	require.InEpsilon(t, 200e3, float64(first.Rate.Packets), 1.5*first.Error)
	require.InEpsilon(t, 4e6, float64(list[2].Packets), 0.1)
}

func TestActions(t *testing.T) {
	for name, want := range map[string]string{
		"icmp flood":     "flowspec dst 192.0.2.7/32 proto 1 discard",
		"fragments":      "flowspec dst 192.0.2.7/32 fragment is-fragment discard",
		"udp flood":      "", // nothing tells it from other traffic, and it is minor
		"carpet bombing": "",
	} {
		require.Equal(t, want, events(t, detect, 1, scenarios[name].traffic)[0].Action, name)
	}
	syn := []floods.Traffic{{At: s, For: 3 * s, Rate: 500e3, Size: 60, Packets: 100, Sources: 1000, Src: many, Dst: victim, Proto: flow.ProtoTCP, Flags: 2}}
	require.Equal(t, "blackhole 192.0.2.7/32 community 65535:666", events(t, detect, 1, syn)[0].Action)
}

// TestFlowsOfAttacksAreMarked counts the flows that a branch gets.
func TestFlowsOfAttacksAreMarked(t *testing.T) {
	marked, rest, told := sink.Count(), sink.Count(), sink.Count()
	traffic := append(scenarios["syn flood"].traffic, usual)
	pipelinetest.Run(t, pipeline.From(floods.Source(1, traffic...)).Through(ddos.Detect(ddos.Keys(1<<14))).Switch(
		pipeline.When(ddos.Events(), pipeline.To(told)),
		pipeline.When(ddos.Attacking(), pipeline.To(marked)),
		pipeline.Otherwise(pipeline.To(rest)),
	))
	require.Equal(t, uint64(3), told.Flows())
	require.InDelta(t, 18.5*5000, float64(marked.Flows()), 20) // from 11.5 s to 30 s
	require.InDelta(t, 1.5*5000+720, float64(rest.Flows()), 20)
}

func TestFiltersKnowEvents(t *testing.T) {
	got := pipelinetest.Record()
	pipelinetest.Run(t, pipeline.From(floods.Source(1, append(scenarios["syn flood"].traffic, usual)...)).
		Through(ddos.Detect(ddos.Keys(1<<14))).
		Filter(filter.Expr(`record_type event and attack_phase = "start" and attack_class = "syn" and attack_severity = "major" and dst address 192.0.2.7`)).
		To(got))
	require.Len(t, got.Flows(), 1)
	require.Zero(t, got.Flows()[0].Bytes)
}

func TestEventsAsJSON(t *testing.T) {
	var out bytes.Buffer
	pipelinetest.Run(t, pipeline.From(floods.Source(1, append(scenarios["syn flood"].traffic, usual)...)).
		Through(ddos.Detect(ddos.Keys(1<<14))).
		Filter(filter.Expr(`attack_phase = "start"`)).
		To(sink.JSON(&out)))
	require.Contains(t, out.String(), `"record_type":3`)
	require.Contains(t, out.String(), `"attack_class":"syn"`)
	require.Contains(t, out.String(), `"evidence_dst_addr":["192.0.2.7","192.0.2.7",`)
}

// TestNetworks watches two networks alone, one with a floor of its own.
func TestNetworks(t *testing.T) {
	flood := func(dst string, rate float64) floods.Traffic {
		return floods.Traffic{At: s, For: 10 * s, Rate: rate, Size: 64, Packets: 10, Sources: 1000, Src: many, Dst: netip.MustParsePrefix(dst), Proto: flow.ProtoTCP, Flags: 2}
	}
	var got []string
	for _, e := range events(t, func(src pipeline.Source) pipeline.Stream {
		return pipeline.From(src).Through(ddos.Detect(ddos.Networks(
			ddos.Network{Name: "shop", Prefix: netip.MustParsePrefix("203.0.113.0/25"), Host: ddos.Floors{ddos.SYN: {Packets: 100e3}}},
			ddos.Network{Name: "web", Prefix: netip.MustParsePrefix("203.0.113.128/25")},
			ddos.Network{Name: "wide", Prefix: netip.MustParsePrefix("10.0.0.0/16"), Whole: ddos.Floors{ddos.SYN: {Packets: 30e3}}},
		)))
	}, 1, []floods.Traffic{flood("203.0.113.1/32", 39e3), flood("203.0.113.129/32", 39e3), flood("198.18.0.1/32", 39e3), flood("10.0.0.0/16", 39e3)}) {
		if e.Phase == ddos.Start {
			got = append(got, fmt.Sprint(e.Target, " ", e.Network))
		}
	}
	require.Equal(t, []string{"203.0.113.129/32 web", "10.0.0.0/16 wide"}, got)
}

// TestLateAndEarly tells of records that came too late, and of clocks ahead.
func TestLateAndEarly(t *testing.T) {
	record := func(received, end time.Duration) (fl flow.Flow) {
		fl.SetTimeReceived(floods.Begin.Add(received).UnixNano())
		fl.SetTimeStart(floods.Begin.Add(end - s).UnixNano())
		fl.SetTimeEnd(floods.Begin.Add(end).UnixNano())
		fl.SetDstAddr(flow.AddrFrom(victim.Addr()))
		fl.SetProto(flow.ProtoICMP)
		fl.SetPackets(1)
		return fl
	}
	stats := pipelinetest.Run(t, pipeline.From(source.Flows(
		record(100*s, 100*s), record(101*s, 42*s), record(102*s, 40*s), record(103*s, 110*s), record(104*s, 104*s),
	)).Through(ddos.Detect(ddos.Keys(1<<14))).To(sink.Discard()), pipeline.WithClock(pipeline.EventClock()))
	counters := stats.Stages[1].Counters
	require.Equal(t, uint64(1), counters["late"])
	require.Equal(t, uint64(1), counters["early"])
}

// TestTenMillionDestinations scans addresses while one is flooded: memory stays
// what it was, and the flood is told.
func TestTenMillionDestinations(t *testing.T) {
	if testing.Short() {
		t.Skip("ten million flows")
	}
	traffic := []floods.Traffic{
		{For: 60 * s, Rate: 10e6 / 60, Size: 64, Sources: 1, Src: outside, Dst: netip.MustParsePrefix("10.0.0.0/8"), Proto: flow.ProtoUDP},
		{At: 10 * s, For: 20 * s, Rate: 50e3, Size: 64, Packets: 10, Sources: 1000, Src: many, Dst: victim, Proto: flow.ProtoTCP, Flags: 2},
	}
	var before, most runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	starts := 0
	stats := pipelinetest.Run(t, pipeline.From(floods.Source(1, traffic...)).
		Through(ddos.Detect(ddos.Keys(1<<16), ddos.Candidates(256))).
		To(sink.Func("events", func(b *flow.Batch) error {
			for fl := range b.All() {
				if e, ok := ddos.EventOf(b, fl); ok && e.Phase == ddos.Start {
					require.Equal(t, "start 11.5s 192.0.2.7/32 syn minor 10s-11.5s", tell(e))
					runtime.GC()
					runtime.ReadMemStats(&most)
					starts++
				}
			}
			return nil
		})))
	require.Equal(t, 1, starts)
	require.Greater(t, stats.Stages[1].Counters["evicted"], uint64(5e6))
	require.Less(t, int64(most.HeapAlloc)-int64(before.HeapAlloc), int64(1<<16*65+256*4096+4<<20))
}

func TestMistakes(t *testing.T) {
	for want, opt := range map[string]ddos.Option{
		"Trigger: 3 out of 2 makes no sense":        ddos.Trigger(3, 2),
		"Samples: -1 makes no sense":                ddos.Samples(-1),
		"Clear: a part of 2 makes no sense":         ddos.Clear(2, time.Minute),
		"Clear: 1h0m0s is not between":              ddos.Clear(0.5, time.Hour),
		"Updates: every 0s makes no sense":          ddos.Updates(0),
		"Keys: 0 makes no sense":                    ddos.Keys(0),
		"Candidates: 0 makes no sense":              ddos.Candidates(0),
		"Hosts: there is no class 200":              ddos.Hosts(ddos.Floors{200: {Bits: 1}}),
		"Prefixes: the floor of syn":                ddos.Prefixes(ddos.Floors{ddos.SYN: {Packets: -1}}),
		`Networks: "x": invalid Prefix is not`:      ddos.Networks(ddos.Network{Name: "x"}),
		`Networks: "y": 192.0.2.1/24 is not`:        ddos.Networks(ddos.Network{Name: "y", Prefix: netip.MustParsePrefix("192.0.2.1/24")}),
		"Networks: 192.0.2.0/24 is there twice":     ddos.Networks(ddos.Network{Prefix: net24}, ddos.Network{Prefix: net24}),
		"Networks: 192.0.2.0/24: there is no class": ddos.Networks(ddos.Network{Prefix: net24, Whole: ddos.Floors{99: {Bits: 1}}}),
	} {
		_, err := pipeline.From(source.Flows()).Through(ddos.Detect(opt)).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
}

func TestClasses(t *testing.T) {
	c, ok := ddos.AmplificationOf(123)
	require.True(t, ok)
	require.Equal(t, "ntp amplification", c.String())
	_, ok = ddos.AmplificationOf(443)
	require.False(t, ok)
	require.Equal(t, "unknown", ddos.Class(200).String())
}
