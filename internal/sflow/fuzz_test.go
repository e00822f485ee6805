package sflow

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

func FuzzDecode(f *testing.F) {
	v6 := netip.MustParseAddr("2001:db8::9")
	f.Add(datagram(flowSample(5, 100, 5, 6, raw(1, web), tlv(recordSwitch, 10, 1, 20, 1), tlv(recordRouter, v6, 48, 24))), uint8(1))
	f.Add(datagram(flowSample(5, 100, 1<<30|258, 2<<30, raw(13, cat(100<<12|1<<8|64, web[14:])), tlv(recordMPLS, v6, 1, 100<<12, 1, 1<<8), tlv(recordVLANTunnel, 2, 0x8100a00a, 0x8100000b))), uint8(2))
	f.Add(datagram(tlv(formatExpandedFlow, 7, 0, 5, 100, 1000, 0, 0, 5, 0, 6, 2, tlv(recordGateway, v6, 64500, 0, 64501, 1, 2, 2, 64510, 64511, 1, 100<<16|7, 200), tlv(recordUser, 106, "alice", 106, "bob"))), uint8(3))
	f.Add(datagram(tlv(formatDiscarded, 1, 0, 5, 0, 5, 0, 257, 3, raw(1, web), tlv(recordVNIIngress, 5), tlv(recordDecapIngress, 14))), uint8(1))
	f.Add(datagram(flowSample(5, 100, 5, 6, tlv(recordIPv4Ingress, make([]byte, 32)), tlv(recordIPv6Egress, make([]byte, 56)))), uint8(1))
	f.Add(datagram(tlv(formatCounters, 11, 3, 2, tlv(countersEthernet, make([]byte, 52)), tlv(countersName, "eno1"))), uint8(1))
	f.Add(datagram(tlv(formatExpandedCounters, 11, 0, 3, 1, tlv(countersInterface, make([]byte, 88)))), uint8(1))
	f.Add(datagram(flowSample(5, 100, 5, 6, tlv(recordIPv4, make([]byte, 32)), tlv(recordEthernet, make([]byte, 24)), tlv(recordNAT, v6, v6), tlv(recordNATPort, 1, 2), tlv(recordTCPInfo, make([]byte, 48)))), uint8(1))
	f.Fuzz(func(t *testing.T, payload []byte, size uint8) {
		d := NewDecoder(Config{Counters: true})
		owner := flow.NewOwner(flow.OwnerConfig{Size: int(size) + 1, Poison: true})
		flows := uint64(0)
		d.Begin(payload, collectorPeer, received)
		for done := false; !done; {
			b := owner.Begin(0, time.Time{})
			done = d.Fill(b)
			require.True(t, done || b.Full())
			flows += uint64(b.Len())
			for fl := range b.All() {
				_, unmarked := fl.Unmarked()
				require.False(t, unmarked)
				require.NotEqual(t, uint32(ifNone), fl.InIf)
				require.NotEqual(t, uint32(ifNone), fl.OutIf)
			}
			owner.Finish(nil)
		}
		c := d.Counts()
		require.Equal(t, flows, c.Samples[Flows]+c.Samples[Drops]+c.CounterRecords)
		require.LessOrEqual(t, c.CounterRecords, c.Samples[Counters])
		require.LessOrEqual(t, flows, uint64(len(payload)/8))
		if flows+c.Samples[Counters] == 0 && len(payload) != emptyLen(payload) {
			require.NotZero(t, c.Refused, "nothing came out and nothing was counted")
		}
	})
}

// emptyLen is the length of a datagram of no samples with the agent of payload.
func emptyLen(payload []byte) int {
	if len(payload) >= 8 {
		switch u32(payload[4:]) {
		case 0:
			return 24
		case 2:
			return 40
		}
	}
	return 28
}
