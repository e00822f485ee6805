package pcap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// crafted is what testdata/crafted.py put into its packets: the lengths are
// those of the headers and payloads written there, added up by hand. What is 0
// or empty is not looked at.
var crafted = map[uint16]struct {
	packets, bytes uint64
	check          func(*require.Assertions, *flow.Batch, *flow.Flow)
}{
	1001: {1, 14 + 32 + 8 + 20, nil}, // options
	1002: {1, 14 + 4 + 20 + 8 + 20, func(is *require.Assertions, b *flow.Batch, fl *flow.Flow) {
		is.Equal(uint16(100), fl.VLAN)
		priority, _ := b.VLANPriority(fl)
		is.Equal(uint8(5), priority)
	}},
	1003: {1, 14 + 4 + 4 + 20 + 8 + 20, func(is *require.Assertions, b *flow.Batch, fl *flow.Flow) {
		is.Equal(uint16(200), fl.VLAN)
		inner, _ := b.InnerVLAN(fl)
		is.Equal(uint16(300), inner)
	}},
	1004: {1, 14 + 4 + 4 + 20 + 8 + 20, func(is *require.Assertions, b *flow.Batch, fl *flow.Flow) {
		labels, _ := b.MPLSLabels(fl)
		ttls, _ := b.MPLSTTLs(fl)
		is.Equal([]uint32{16001, 24005}, labels)
		is.Equal([]uint32{63, 62}, ttls)
		is.Equal(uint16(flow.EtherTypeIPv4), fl.EtherType)
	}},
	1005: {1, 14 + 6 + 1 + 20 + 8 + 20, nil}, // PPPoE; scapy writes the protocol in one byte
	1006: {1, 14 + 40 + 8 + 8 + 8 + 20, func(is *require.Assertions, _ *flow.Batch, fl *flow.Flow) {
		is.Equal(uint8(flow.ProtoUDP), fl.Proto, "behind hop-by-hop and destination options")
	}},
	1007: {1, 14 + 40 + 8 + 20, func(is *require.Assertions, _ *flow.Batch, fl *flow.Flow) {
		is.Equal(uint32(0x12345), fl.FlowLabel)
		is.Equal(uint8(0xb8), fl.TOS)
		is.Equal(uint8(33), fl.TTL)
	}},
	1008: {1, 14 + 20 + 20 + 10, func(is *require.Assertions, _ *flow.Batch, fl *flow.Flow) {
		is.Equal(uint16(0x19), fl.TCPFlags, "FIN, PSH and ACK")
		is.Equal(uint8(0x2e), fl.TOS)
	}},
	1009: {1, 14 + 20 + 20, func(is *require.Assertions, _ *flow.Batch, fl *flow.Flow) {
		is.Equal(uint16(0x1c2), fl.TCPFlags, "NS, CWR, ECE and SYN")
	}},
	1010: {1, 14 + 20 + 12 + 16, func(is *require.Assertions, _ *flow.Batch, fl *flow.Flow) {
		is.Equal(uint8(flow.ProtoSCTP), fl.Proto)
		is.Equal(uint16(11010), fl.SrcPort)
	}},
	4789: {1, 14 + 20 + 8 + 8 + 14 + 20 + 20, func(is *require.Assertions, b *flow.Batch, fl *flow.Flow) {
		inside(is, b, fl, flow.TunnelVXLAN, "198.51.100.1", flow.ProtoTCP, 21011, 2011)
		id, _ := b.TunnelID(fl)
		is.Equal(uint64(5001), id)
		mac, _ := b.InnerSrcMAC(fl)
		is.Equal("02:00:00:00:01:0a", mac.String())
		flags, _ := b.InnerTCPFlags(fl)
		is.Equal(uint16(2), flags)
		is.Equal("192.0.2.10", fl.SrcAddr.String(), "the outer addresses stay")
	}},
	6081: {1, 14 + 20 + 8 + 8 + 14 + 40 + 8 + 8, func(is *require.Assertions, b *flow.Batch, fl *flow.Flow) {
		inside(is, b, fl, flow.TunnelGeneve, "2001:db8:1::1", flow.ProtoUDP, 21012, 2012)
		id, _ := b.TunnelID(fl)
		is.Equal(uint64(5002), id)
	}},
	1017: {1, 14 + 40 + 8 + 32 + 8 + 20, func(is *require.Assertions, b *flow.Batch, fl *flow.Flow) {
		segments, _ := b.SRv6Segments(fl)
		is.Equal([]flow.Addr{flow.MustParseAddr("2001:db8:f::1"), flow.MustParseAddr("2001:db8:f::2")}, segments)
		left, _ := b.SRv6SegmentsLeft(fl)
		is.Equal(uint8(1), left)
		active, _ := b.SRv6ActiveSegment(fl)
		is.Equal("2001:db8:f::2", active.String())
		tag, _ := b.SRv6Tag(fl)
		is.Equal(uint16(9), tag)
	}},
	1018: {3, 14 + 20 + 8 + 1472 + 14 + 20 + 1480 + 14 + 20 + 48, func(is *require.Assertions, _ *flow.Batch, fl *flow.Flow) {
		is.Equal(uint16(11018), fl.SrcPort, "later fragments belong to the first")
		is.Equal(uint32(1), fl.FragmentID)
	}},
	1019: {2, 14 + 40 + 8 + 8 + 1440 + 14 + 40 + 8 + 40, func(is *require.Assertions, _ *flow.Batch, fl *flow.Flow) {
		is.Equal(uint32(0xabcde), fl.FragmentID)
	}},
	1020: {1, 60, nil}, // padded to the least frame
}

func inside(is *require.Assertions, b *flow.Batch, fl *flow.Flow, tunnel uint8, src string, proto uint8, sport, dport uint16) {
	kind, _ := b.TunnelType(fl)
	is.Equal(tunnel, kind)
	addr, _ := b.InnerSrcAddr(fl)
	is.Equal(src, addr.String())
	p, _ := b.InnerProto(fl)
	is.Equal(proto, p)
	s, _ := b.InnerSrcPort(fl)
	d, _ := b.InnerDstPort(fl)
	is.Equal([2]uint16{sport, dport}, [2]uint16{s, d})
}

func TestCraftedPackets(t *testing.T) {
	is := require.New(t)
	seen := map[uint16]bool{}
	var other []string
	look := sink.Func("look", func(b *flow.Batch) error {
		for fl := range b.All() {
			want, ok := crafted[fl.DstPort]
			if !ok || !fl.Has(flow.FieldDstPort) {
				is.False(fl.Has(flow.FieldDstPort), "%v", fl.DstPort)
				other = append(other, fl.SrcAddr.String()+" "+flow.EnumText(flow.FieldProto, uint64(fl.Proto)))
				without(is, b, fl)
				continue
			}
			seen[fl.DstPort] = true
			is.Equal(want.packets, fl.Packets, "port %d", fl.DstPort)
			is.Equal(want.bytes, fl.Bytes, "port %d", fl.DstPort)
			is.Equal("02:00:00:00:00:0a", fl.SrcMAC.String(), "port %d", fl.DstPort)
			if want.check != nil {
				want.check(is, b, fl)
			}
		}
		return nil
	})
	pl, err := pipeline.From(pcap.File("../../testdata/crafted.pcap")).To(look).Build()
	is.NoError(err)
	is.NoError(pl.Run(t.Context()))
	is.Len(seen, len(crafted))
	is.ElementsMatch([]string{"192.0.2.10 GRE", "192.0.2.10 IPIP", "192.0.2.10 IPv6", "192.0.2.11 UDP", "2001:db8::10 ICMPv6", "192.0.2.10 ICMP"}, other)
	for reason, n := range map[string]uint64{
		"packets": 31, "refused_arp": 1, "refused_lldp": 1, "refused_llc": 1, "refused_bad_ip_version": 1, "refused_bad_ip_length": 1,
		"fragments_unmatched": 1,
	} {
		is.Equal(n, pl.Stats().Stages[0].Counters[reason], reason)
	}
}

// without looks at the flows that have no ports of their own.
func without(is *require.Assertions, b *flow.Batch, fl *flow.Flow) {
	switch fl.Proto {
	case flow.ProtoGRE: // two packets with the same outer header; the first tells
		is.Equal(uint64(14+20+8+20+8+8+14+20+4+14+20+8), fl.Bytes)
		inside(is, b, fl, flow.TunnelGRE, "198.51.100.1", flow.ProtoUDP, 21013, 2013)
		key, _ := b.TunnelID(fl)
		is.Equal(uint64(77), key)
	case flow.ProtoIPIP:
		is.Equal(uint64(14+20+20+8+8), fl.Bytes)
		inside(is, b, fl, flow.TunnelIPIP, "198.51.100.1", flow.ProtoUDP, 21015, 2015)
	case flow.ProtoIPv6:
		is.Equal(uint64(14+20+40+20), fl.Bytes)
		inside(is, b, fl, flow.TunnelIPIP, "2001:db8:1::1", flow.ProtoTCP, 21016, 2016)
	case flow.ProtoUDP: // a later fragment without its first
		is.Equal(uint64(14+20+64), fl.Bytes)
		is.Equal([2]uint32{99, 10}, [2]uint32{fl.FragmentID, uint32(fl.FragmentOffset)})
	case flow.ProtoICMPv6:
		is.Equal([2]uint8{128, 0}, [2]uint8{fl.ICMPType, fl.ICMPCode})
	case flow.ProtoICMP:
		is.Equal([2]uint8{3, 1}, [2]uint8{fl.ICMPType, fl.ICMPCode})
	}
}
