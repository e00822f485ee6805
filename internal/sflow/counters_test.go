package sflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// countersOf returns the counters of an interface that a record has, and what
// else is known of the interface in numbers.
func countersOf(b *flow.Batch, fl *flow.Flow) map[flow.Field]uint64 {
	got := map[flow.Field]uint64{}
	for f := flow.FieldIfIndex; f <= flow.FieldDot3SymbolErrors; f++ {
		if v, ok := b.Uint(fl, f); ok {
			got[f] = v
		}
	}
	return got
}

// ifCounters is a record of generic counters that begin at 1.
func ifCounters(status, promiscuous int) []byte {
	return tlv(countersInterface, 3, 6, 0, 1_000_000_000, 1, status, 1, 2, 28, 4, 5, 6, 7, 8, 9, 10, 29, 12, 13, 14, 15, promiscuous)
}

func TestCounters(t *testing.T) {
	records := cat(ifCounters(3, 2), tlv(countersEthernet, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13), tlv(countersName, "eno1"), tlv(2000, 0))
	want := map[flow.Field]uint64{
		flow.FieldIfIndex: 3, flow.FieldIfType: 6, flow.FieldIfSpeed: 1_000_000_000, flow.FieldIfDuplex: flow.IfDuplexFull,
		flow.FieldIfAdminStatus: flow.IfStatusUp, flow.FieldIfOperStatus: flow.IfStatusUp, flow.FieldIfPromiscuous: flow.BoolNo,
		flow.FieldIfInOctets: 1<<32 | 2, flow.FieldIfInUcastPkts: 28, flow.FieldIfInMulticastPkts: 4, flow.FieldIfInBroadcastPkts: 5,
		flow.FieldIfInDiscards: 6, flow.FieldIfInErrors: 7, flow.FieldIfInUnknownProtos: 8,
		flow.FieldIfOutOctets: 9<<32 | 10, flow.FieldIfOutUcastPkts: 29, flow.FieldIfOutMulticastPkts: 12, flow.FieldIfOutBroadcastPkts: 13,
		flow.FieldIfOutDiscards: 14, flow.FieldIfOutErrors: 15,
		flow.FieldDot3AlignmentErrors: 1, flow.FieldDot3FCSErrors: 2, flow.FieldDot3SingleCollisionFrames: 3,
		flow.FieldDot3MultipleCollisionFrames: 4, flow.FieldDot3SQETestErrors: 5, flow.FieldDot3DeferredTransmissions: 6,
		flow.FieldDot3LateCollisions: 7, flow.FieldDot3ExcessiveCollisions: 8, flow.FieldDot3InternalMACTransmitErrors: 9,
		flow.FieldDot3CarrierSenseErrors: 10, flow.FieldDot3FrameTooLongs: 11, flow.FieldDot3InternalMACReceiveErrors: 12,
		flow.FieldDot3SymbolErrors: 13,
	}
	h := newHarness(Config{Counters: true}, 8)
	got := h.decode(t, datagram(tlv(formatCounters, 11, 3, 4, records), tlv(formatExpandedCounters, 12, 0, 3, 4, records)))
	require.Len(t, got, 2)
	for _, fl := range got {
		require.Equal(t, want, countersOf(h.batch, fl))
		name, _ := h.batch.IfName(fl)
		require.Equal(t, "eno1", string(name))
		require.Equal(t, []uint8{flow.TypeSFlow5, flow.RecordTypeCounters}, []uint8{fl.Type, fl.RecordType})
		require.Equal(t, addr("192.0.2.200"), fl.Exporter)
		require.Equal(t, []uint32{3, 42}, []uint32{fl.ObservationDomain, fl.SequenceNum})
		require.Equal(t, received, fl.EventTime())
		for _, f := range []flow.Field{flow.FieldBytes, flow.FieldPackets, flow.FieldSamplingRate, flow.FieldTimeStart, flow.FieldTimeEnd} {
			require.False(t, fl.Has(f), "%v: a counter is no traffic", f)
		}
		_, unmarked := fl.Unmarked()
		require.False(t, unmarked)
	}
	c := h.Counts()
	require.Equal(t, []uint64{2, 2, 2}, []uint64{c.Samples[Counters], c.CounterRecords, c.Refused[IgnoredRecord]})
}

func TestCountersThatAreNotCounted(t *testing.T) {
	none := tlv(countersInterface, 3, 6, -1, -1, 9, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0)
	h := newHarness(Config{Counters: true}, 8)
	fl := h.decode(t, datagram(tlv(formatCounters, 11, 3, 2, none, tlv(countersName, ""))))[0]
	require.Equal(t, map[flow.Field]uint64{flow.FieldIfIndex: 3, flow.FieldIfType: 6}, countersOf(h.batch, fl))
	require.False(t, h.batch.Has(fl, flow.FieldIfName))
}

func TestInterfaceState(t *testing.T) {
	for status, want := range map[int][2]uint64{
		0: {flow.IfStatusDown, flow.IfStatusDown},
		1: {flow.IfStatusUp, flow.IfStatusDown},
		2: {flow.IfStatusDown, flow.IfStatusUp},
		3: {flow.IfStatusUp, flow.IfStatusUp},
	} {
		h := newHarness(Config{Counters: true}, 1)
		fl := h.decode(t, datagram(tlv(formatCounters, 11, 3, 1, ifCounters(status, 1))))[0]
		got := countersOf(h.batch, fl)
		require.Equal(t, want, [2]uint64{got[flow.FieldIfAdminStatus], got[flow.FieldIfOperStatus]})
		require.EqualValues(t, flow.BoolYes, got[flow.FieldIfPromiscuous])
	}
}

// TestCounterSamplesWithoutARecord are samples that tell of no interface.
func TestCounterSamplesWithoutARecord(t *testing.T) {
	for name, c := range map[string]struct {
		sample []byte
		reason Reason
		n      uint64
	}{
		"no record":          {tlv(formatCounters, 11, 3, 0), BadRecord, 0},
		"a host's":           {tlv(formatCounters, 11, 3, 1, tlv(2003, make([]byte, 68))), IgnoredRecord, 1},
		"a name alone":       {tlv(formatCounters, 11, 3, 1, tlv(countersName, "eno1")), BadRecord, 0},
		"interface cut":      {tlv(formatCounters, 11, 3, 1, tlv(countersInterface, make([]byte, 84))), BadRecord, 1},
		"Ethernet cut":       {tlv(formatCounters, 11, 3, 1, tlv(countersEthernet, make([]byte, 48))), BadRecord, 1},
		"name that is cut":   {tlv(formatCounters, 11, 3, 1, tlv(countersName, 0xffffffff)), BadRecord, 1},
		"record reaches out": {tlv(formatCounters, 11, 3, 1, countersInterface, 99), TruncatedRecord, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(Config{Counters: true}, 8)
			fl := h.decode(t, datagram(c.sample, flowSample(5, 100, 5, 6, raw(1, web))))
			require.Len(t, fl, 1)
			require.Equal(t, uint8(flow.RecordTypeFlow), fl[0].RecordType)
			require.Empty(t, countersOf(h.batch, fl[0]))
			require.Equal(t, c.n, h.Counts().Refused[c.reason])
			require.Equal(t, []uint64{1, 0}, []uint64{h.Counts().Samples[Counters], h.Counts().CounterRecords})
		})
	}
}

func TestInterfaceTwiceInASample(t *testing.T) {
	h := newHarness(Config{Counters: true}, 8)
	fl := h.decode(t, datagram(tlv(formatCounters, 11, 3, 2, ifCounters(3, 1), ifCounters(0, 2))))[0]
	require.EqualValues(t, flow.IfStatusUp, countersOf(h.batch, fl)[flow.FieldIfOperStatus])
	require.Equal(t, uint64(1), h.Counts().Refused[BadRecord])
}

func TestCountersAreAskedFor(t *testing.T) {
	h := newHarness(Config{}, 1)
	require.Empty(t, h.decode(t, datagram(tlv(formatCounters, 11, 3, 1, ifCounters(3, 2)))))
	require.Equal(t, []uint64{1, 0}, []uint64{h.Counts().Samples[Counters], h.Counts().CounterRecords})
}
