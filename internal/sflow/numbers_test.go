package sflow

import (
	"encoding/binary"
	"math"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbered is a datagram of a sub-agent at a time of its uptime [ms].
func numbered(agent string, subAgent, sequence, uptime int, samples ...[]byte) []byte {
	p := cat(version, netip.MustParseAddr(agent), subAgent, sequence, uptime, len(samples))
	for _, s := range samples {
		p = append(p, s...)
	}
	return p
}

// sampleAs is a flow sample of a data source with its number.
func sampleAs(source, sequence int) []byte {
	p := flowSample(source, 100, 5, 6, raw(1, web))
	binary.BigEndian.PutUint32(p[8:], uint32(sequence))
	return p
}

func TestDatagramsAreNumbered(t *testing.T) {
	type step struct{ sequence, uptime int }
	const days = 24 * 3600 * 1000
	for name, c := range map[string]struct {
		steps              []step
		lost, late, resets uint64
	}{
		"in order":                     {[]step{{7, 0}, {8, 10}, {9, 20}}, 0, 0, 0},
		"two are missing":              {[]step{{7, 0}, {10, 10}, {11, 20}}, 2, 0, 0},
		"across the wrap":              {[]step{{math.MaxUint32, 0}, {0, 10}, {2, 20}}, 1, 0, 0},
		"changed places":               {[]step{{7, 0}, {9, 20}, {8, 10}, {10, 30}}, 1, 1, 0},
		"twice":                        {[]step{{7, 0}, {8, 10}, {8, 10}, {9, 20}}, 0, 1, 0},
		"restart":                      {[]step{{9000, days}, {1, 500}, {2, 600}, {4, 700}}, 1, 0, 1},
		"restart soon":                 {[]step{{30, 60_000}, {1, 500}, {2, 600}}, 0, 0, 1},
		"restart with a higher number": {[]step{{1, 60_000}, {50, 500}, {51, 600}}, 0, 0, 1},
		"restart after a month":        {[]step{{90_000_000, 30 * days}, {1, 500}, {2, 600}}, 0, 0, 1},
		"uptime wraps":                 {[]step{{7, math.MaxUint32}, {8, 10}, {10, 20}}, 1, 0, 0},
		"no uptime, restart":           {[]step{{7000, 0}, {1, 0}, {2, 0}}, 0, 0, 1},
		"leap that is no loss":         {[]step{{7, 0}, {1 << 30, 10}, {1<<30 + 1, 20}}, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(Config{}, 1)
			for _, s := range c.steps {
				h.decode(t, numbered("192.0.2.200", 3, s.sequence, s.uptime))
			}
			got := h.Counts()
			require.Equal(t, []uint64{c.lost, c.late, c.resets}, []uint64{got.LostDatagrams, got.LateDatagrams, got.Resets})
		})
	}
}

func TestSubAgentsAreNumberedByThemselves(t *testing.T) {
	h := newHarness(Config{}, 1)
	for i := range 10 {
		h.decode(t, numbered("192.0.2.200", 0, 100+i, i))
		h.decode(t, numbered("192.0.2.200", 1, 7000+2*i, i))
		h.decode(t, numbered("2001:db8::1", 0, 5+i, i))
	}
	require.Equal(t, Counts{AgentCounts: AgentCounts{Datagrams: 30, LostDatagrams: 9}}, h.Counts())
}

func TestSamplesAreNumbered(t *testing.T) {
	const in = "192.0.2.200"
	h := newHarness(Config{}, 64)
	lost := func(want [Kinds]uint64) {
		t.Helper()
		require.Equal(t, want, h.Counts().LostSamples)
	}
	h.decode(t, numbered(in, 0, 1, 1*1000, sampleAs(5, 10), sampleAs(6, 900), sampleAs(5, 11)))
	lost([Kinds]uint64{})
	h.decode(t, numbered(in, 0, 2, 2*1000, sampleAs(5, 14), sampleAs(6, 901)))
	lost([Kinds]uint64{Flows: 2})
	// The forms of one source have common numbers, its kinds of samples their own.
	h.decode(t, numbered(in, 0, 3, 3*1000, tlv(formatExpandedFlow, 15, 0, 5, 100, 1000, 0, 0, 5, 0, 6, 0), tlv(formatCounters, 3, 5, 0), tlv(formatDiscarded, 40, 0, 5, 0, 5, 0, 257, 0)))
	lost([Kinds]uint64{Flows: 2})
	h.decode(t, numbered(in, 0, 4, 4*1000, tlv(formatExpandedCounters, 5, 0, 5, 0), tlv(formatDiscarded, 44, 0, 5, 0, 5, 0, 257, 0)))
	lost([Kinds]uint64{Flows: 2, Counters: 1, Drops: 3})
	// A VLAN is no interface of its number, and another sub-agent another source.
	h.decode(t, numbered(in, 0, 5, 5*1000, sampleAs(1<<24|5, 3)))
	h.decode(t, numbered(in, 1, 5, 5*1000, sampleAs(5, 3000)))
	lost([Kinds]uint64{Flows: 2, Counters: 1, Drops: 3})
	// Those of a datagram that is late were counted when it was missing.
	h.decode(t, numbered(in, 0, 7, 7*1000, sampleAs(5, 17)))
	h.decode(t, numbered(in, 0, 6, 6*1000, sampleAs(5, 16)))
	h.decode(t, numbered(in, 0, 8, 8*1000, sampleAs(5, 18)))
	lost([Kinds]uint64{Flows: 3, Counters: 1, Drops: 3})
	require.Zero(t, h.Counts().Resets)
	// A restart begins all of them anew, the setup of an interface its own.
	h.decode(t, numbered(in, 0, 1, 500, sampleAs(5, 1), sampleAs(6, 1)))
	h.decode(t, numbered(in, 0, 2, 600, sampleAs(5, 2), sampleAs(6, 2)))
	require.Equal(t, uint64(1), h.Counts().Resets)
	h.decode(t, numbered(in, 0, 3, 700, sampleAs(5, 3), sampleAs(6, 1)))
	require.Equal(t, uint64(2), h.Counts().Resets)
	lost([Kinds]uint64{Flows: 3, Counters: 1, Drops: 3})
	require.Equal(t, uint64(1), h.Counts().LostDatagrams)
}

// TestARefusedSampleIsNotLost has samples that announce more than they hold.
func TestARefusedSampleIsNotLost(t *testing.T) {
	bad := tlv(formatFlow, 11, 5, 100, 1000, 0, 5, 6, 99)
	badCounters := tlv(formatCounters, 31, 5, 99)
	h := newHarness(Config{}, 64)
	h.decode(t, datagram(sampleAs(5, 10), bad, sampleAs(5, 12), tlv(formatCounters, 30, 5, 0), badCounters, tlv(formatCounters, 32, 5, 0)))
	require.Equal(t, [Kinds]uint64{}, h.Counts().LostSamples)
	require.Equal(t, [Kinds]uint64{Flows: 2, Counters: 2}, h.Counts().Samples)
	require.Equal(t, uint64(2), h.Counts().Refused[BadSample])
	require.Equal(t, "bad_sample: agent 192.0.2.200, sub-agent 3", h.Latest().String())
}

func TestAgentsThatDoNotCount(t *testing.T) {
	h := newHarness(Config{}, 64)
	for i := range 10 {
		h.decode(t, numbered("192.0.2.200", 0, i, i, sampleAs(5, 0), sampleAs(5, 0)))
	}
	require.Equal(t, Counts{AgentCounts: AgentCounts{Datagrams: 10, Samples: [Kinds]uint64{Flows: 20}}}, h.Counts())
}

// TestAgentsAreBounded makes up more agents than are kept.
func TestAgentsAreBounded(t *testing.T) {
	d := NewDecoder(Config{})
	begin := func(agent, sequence int, at int64) {
		p := cat(version, 1, agent, 0, sequence, 0, 0)
		d.Begin(p, collectorPeer, at)
	}
	for i := range maxAgents + 10 {
		begin(i+1, 1, received)
	}
	require.Len(t, d.agents.byKey, maxAgents)
	require.Equal(t, uint64(10), d.Counts().Untracked)
	begin(maxAgents+5, 9, received)
	require.Zero(t, d.Counts().LostDatagrams+d.Counts().LateDatagrams, "it is not followed")
	// Once the others have been silent for long enough there is room again.
	begin(1, 2, received+forgetting)
	begin(maxAgents+5, 1, received+forgetting+sweeping)
	require.Len(t, d.agents.byKey, 2)
	begin(1, 4, received+forgetting+sweeping)
	require.Equal(t, uint64(1), d.Counts().LostDatagrams)
}

func TestSourcesAreBounded(t *testing.T) {
	d := NewDecoder(Config{})
	a := d.agents.add(agentKey{}, 0, received)
	for i := range maxSources {
		s, fresh := d.agents.source(a, keyOf(Flows, 0, uint32(i)))
		require.True(t, s != nil && fresh)
	}
	s, _ := d.agents.source(a, keyOf(Counters, 0, 0))
	require.Nil(t, s)
	s, fresh := d.agents.source(a, keyOf(Flows, 0, 7))
	require.True(t, s != nil && !fresh)
	d.agents.forgetSources(a)
	s, _ = d.agents.source(a, keyOf(Counters, 0, 0))
	require.NotNil(t, s)
}
