package sflow

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// TestDamageStaysWhereItIs puts one bad thing between two good samples.
func TestDamageStaysWhereItIs(t *testing.T) {
	good := flowSample(5, 100, 5, 6, raw(1, web))
	with := func(record []byte) []byte { return flowSample(5, 100, 5, 6, record, raw(1, web)) }
	announcing := func(n int) []byte { return tlv(formatFlow, 7, 5, 100, 1000, 0, 5, 6, n, raw(1, web)) }
	for name, c := range map[string]struct {
		sample []byte
		reason Reason
		flows  int
	}{
		"sample without its fields":    {tlv(formatFlow, 7, 5, 100), BadSample, 2},
		"expanded without its fields":  {tlv(formatExpandedFlow, 7, 5, 100), BadSample, 2},
		"discarded without its fields": {tlv(formatDiscarded, 7), BadSample, 2},
		"empty sample":                 {tlv(formatFlow), BadSample, 2},
		"counters without their count": {tlv(formatCounters, 7, 5), BadSample, 2},
		"more records than fit":        {announcing(100), BadSample, 2},
		"most records":                 {announcing(0xffffffff), BadSample, 2},
		"most records of counters":     {tlv(formatExpandedCounters, 7, 0, 5, 0xffffffff, 0, 0), BadSample, 2},
		"one record more":              {announcing(2), TruncatedRecord, 3},
		"other enterprise":             {tlv(4413<<12|1, make([]byte, 64)), UnknownSample, 2},
		"other format":                 {tlv(77, make([]byte, 64)), UnknownSample, 2},
		"vendor's record":              {with(tlv(4413<<12|1, 1, 2)), IgnoredRecord, 3},
		"record that fills no field":   {with(tlv(1005, 1, "http://", "")), IgnoredRecord, 3},
		"raw header without length":    {with(tlv(recordRaw, 1, 64, 4)), BadRecord, 3},
		"raw header that is too long":  {with(tlv(recordRaw, 1, 64, 4, 200, 0)), BadRecord, 3},
		"raw header longest":           {with(tlv(recordRaw, 1, 64, 4, 0xffffffff, 0)), BadRecord, 3},
		"Ethernet":                     {with(tlv(recordEthernet, 64, 0, 0)), BadRecord, 3},
		"IPv4":                         {with(tlv(recordIPv4, 64, 0, 0)), BadRecord, 3},
		"IPv6":                         {with(tlv(recordIPv6, 64, 0, 0)), BadRecord, 3},
		"switch":                       {with(tlv(recordSwitch, 64, 0, 0)), BadRecord, 3},
		"router":                       {with(tlv(recordRouter, 1, 64)), BadRecord, 3},
		"router's address":             {with(tlv(recordRouter, 9, 64, 24, 24)), BadRecord, 3},
		"gateway":                      {with(tlv(recordGateway, 0, 1)), BadRecord, 3},
		"AS path segments":             {with(tlv(recordGateway, 0, 1, 2, 3, 0xffffffff, 2, 1, 64500)), BadRecord, 3},
		"AS path":                      {with(tlv(recordGateway, 0, 1, 2, 3, 1, 2, 0xffffffff, 64500, 0, 0)), BadRecord, 3},
		"AS path, overflowing":         {with(tlv(recordGateway, 0, 1, 2, 3, 1, 2, 0x40000001, 64500, 0, 0)), BadRecord, 3},
		"communities":                  {with(tlv(recordGateway, 0, 1, 2, 3, 0, 0xffffffff, 0)), BadRecord, 3},
		"user":                         {with(tlv(recordUser, 106, 0xffffffff, 0)), BadRecord, 3},
		"label stack":                  {with(tlv(recordMPLS, 0, 0xffffffff, 0)), BadRecord, 3},
		"NAT":                          {with(tlv(recordNAT, 1, 1, 2)), BadRecord, 3},
		"NAT port":                     {with(tlv(recordNATPort, 1)), BadRecord, 3},
		"NAT port of more bits":        {with(tlv(recordNATPort, 1, 1<<16)), BadRecord, 3},
		"stripped tags":                {with(tlv(recordVLANTunnel, 9)), BadRecord, 3},
		"inner header":                 {with(tlv(recordDecapIngress)), BadRecord, 3},
		"VNI":                          {with(tlv(recordVNIEgress)), BadRecord, 3},
		"tunnel over IPv4":             {with(tlv(recordIPv4Egress, make([]byte, 28))), BadRecord, 3},
		"tunnel over IPv6":             {with(tlv(recordIPv6Ingress, make([]byte, 52))), BadRecord, 3},
		"TCP":                          {with(tlv(recordTCPInfo, 1, 2, 3)), BadRecord, 3},
		"empty record":                 {with(tlv(recordRaw)), BadRecord, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(Config{}, 8)
			flows := h.decode(t, datagram(good, c.sample, good))
			require.Len(t, flows, c.flows)
			for _, fl := range flows {
				require.Equal(t, uint16(443), fl.DstPort)
			}
			want := Counts{AgentCounts: AgentCounts{Datagrams: 1, Samples: [Kinds]uint64{Flows: uint64(c.flows)}}}
			want.Refused[c.reason] = 1
			require.Equal(t, want, h.Counts())
		})
	}
}

// TestRecordThatReachesOut leaves what stands before it.
func TestRecordThatReachesOut(t *testing.T) {
	h := newHarness(Config{}, 8)
	fl := h.one(t, raw(1, web), cat(recordRouter, 200, 0))
	require.Equal(t, uint16(443), fl.DstPort)
	require.Equal(t, uint64(1), h.Counts().Refused[TruncatedRecord])
}

func TestEveryCut(t *testing.T) {
	whole := datagram(flowSample(5, 100, 5, 6, raw(1, web)), tlv(formatCounters, 1, 2, 0), flowSample(5, 100, 5, 6, raw(1, web)))
	h := newHarness(Config{}, 512)
	for n := range whole {
		before := h.Counts()
		flows := h.decode(t, whole[:n])
		after := h.Counts()
		require.LessOrEqual(t, len(flows), 1)
		require.Equal(t, before.Refused[TruncatedDatagram]+before.Refused[TruncatedSample]+1,
			after.Refused[TruncatedDatagram]+after.Refused[TruncatedSample], "cut at %d", n)
		require.Equal(t, after.Samples[Flows]-before.Samples[Flows], uint64(len(flows)))
	}
	require.Len(t, h.decode(t, whole), 2)
	refused := h.Counts().Refused
	require.Len(t, h.decode(t, append(slices.Clone(whole), 0)), 2)
	refused[TrailingBytes]++
	require.Equal(t, refused, h.Counts().Refused)
}

func TestOtherVersions(t *testing.T) {
	h := newHarness(Config{}, 8)
	for _, v := range []uint32{0, 2, 4, 6, 9 << 16, 0xffffffff} {
		p := datagram(flowSample(5, 100, 5, 6))
		binary.BigEndian.PutUint32(p, v)
		require.Empty(t, h.decode(t, p))
	}
	require.Equal(t, uint64(6), h.Counts().Refused[UnsupportedVersion])
}

// TestLastFillMayBeMissing accepts a text at the very end without its fill.
func TestLastFillMayBeMissing(t *testing.T) {
	h := newHarness(Config{}, 8)
	p := datagram(flowSample(5, 100, 5, 6, raw(1, web), tlv(recordUser, 106, "", 106, "bob")))
	p = p[:len(p)-1]
	binary.BigEndian.PutUint32(p[32:], binary.BigEndian.Uint32(p[32:])-1) // the sample's length
	at := len(p) - 3 - 16 - 4                                             // the record's
	binary.BigEndian.PutUint32(p[at:], binary.BigEndian.Uint32(p[at:])-1)
	fl := h.decode(t, p)[0]
	name, _ := h.batch.Text(fl, flow.FieldUser)
	require.Equal(t, "bob", string(name))
	require.Zero(t, h.Counts().Refused)
}

// TestBatchesOfAnySize gives the same flows whatever a batch holds.
func TestBatchesOfAnySize(t *testing.T) {
	sample := flowSample(5, 100, 5, 6, raw(1, web))
	p := datagram(tlv(formatCounters, 1, 2, 0), sample, tlv(formatFlow), sample, sample, tlv(9), sample)
	for _, size := range []int{1, 2, 3, 4, 100} {
		owner := flow.NewOwner(flow.OwnerConfig{Size: size})
		d := NewDecoder(Config{})
		d.Begin(p, collectorPeer, received)
		flows := 0
		for done := false; !done; {
			b := owner.Begin(0, time.Time{})
			done = d.Fill(b)
			flows += b.Len()
			require.True(t, done || b.Full())
			owner.Finish(nil)
		}
		require.Equal(t, 4, flows)
		want := Counts{AgentCounts: AgentCounts{Datagrams: 1, Samples: [Kinds]uint64{Flows: 4, Counters: 1}}}
		want.Refused[BadSample], want.Refused[UnknownSample] = 1, 1
		require.Equal(t, want, d.Counts())
	}
}

func TestNothingIsAllocated(t *testing.T) {
	p := datagram(flowSample(5, 100, 5, 6, raw(1, web),
		tlv(recordSwitch, 10, 1, 20, 1),
		tlv(recordUser, 106, "a user whose name is longer than what fits on a stack", 106, ""),
		tlv(recordGateway, 0, 64500, 0, 64501, 1, 2, 2, 64510, 64511, 1, 100<<16|7, 200)))
	d := NewDecoder(Config{})
	owner := flow.NewOwner(flow.OwnerConfig{Size: 8})
	run := func() {
		b := owner.Begin(0, time.Time{})
		for range 8 {
			d.Begin(p, collectorPeer, received)
			d.Fill(b)
		}
		owner.Finish(nil)
	}
	run()
	require.Zero(t, testing.AllocsPerRun(10, run))
}
