package sflow

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
	"github.com/flowpipeline/pipeline/internal/samplingrate"
)

func addr(s string) flow.Addr { return flow.MustParseAddr(s) }

func TestFlowSample(t *testing.T) {
	h := newHarness(Config{}, 8)
	fl := h.one(t, raw(1, web))
	require.Equal(t, uint8(flow.TypeSFlow5), fl.Type)
	require.Equal(t, []int64{received, received, received}, []int64{fl.TimeReceived, fl.TimeStart, fl.TimeEnd})
	require.Equal(t, []uint32{42, 3, 5, 100, 5, 6}, []uint32{fl.SequenceNum, fl.ObservationDomain, fl.SamplerID, fl.SamplingRate, fl.InIf, fl.OutIf})
	require.Equal(t, []flow.Addr{addr("192.0.2.200"), addr("192.0.2.1"), addr("192.0.2.2")}, []flow.Addr{fl.Exporter, fl.SrcAddr, fl.DstAddr})
	require.Equal(t, []uint64{uint64(len(web)) + 4, 1}, []uint64{fl.Bytes, fl.Packets})
	require.Equal(t, []uint16{50000, 443, 0x12, flow.EtherTypeIPv4}, []uint16{fl.SrcPort, fl.DstPort, fl.TCPFlags, fl.EtherType})
	require.Equal(t, []uint8{flow.ProtoTCP, 0x10, 64, 2}, []uint8{fl.Proto, fl.TOS, fl.TTL, fl.IPFlags})
	require.Equal(t, flow.MAC{2, 0, 0, 0, 0, 1}, fl.SrcMAC)
	require.True(t, fl.Has(flow.FieldDirection))
	require.Equal(t, uint8(flow.DirectionIngress), fl.Direction)
	require.False(t, fl.Has(flow.FieldForwardingStatus))
	require.False(t, fl.Has(flow.FieldVLAN))
	_, unmarked := fl.Unmarked()
	require.False(t, unmarked)
	require.Equal(t, Counts{AgentCounts: AgentCounts{Datagrams: 1, Samples: [Kinds]uint64{Flows: 1}}}, h.Counts())
}

// TestExpandedSaysTheSame compares the two forms of a flow sample.
func TestExpandedSaysTheSame(t *testing.T) {
	h := newHarness(Config{}, 8)
	compact := *h.one(t, raw(1, web))
	record := raw(1, web)
	expanded := h.decode(t, datagram(tlv(formatExpandedFlow, 7, 0, 5, 100, 1000, 0, 0, 5, 0, 6, 1, record)))
	require.Len(t, expanded, 1)
	require.Equal(t, compact, *expanded[0])
	// Interfaces and sources that the compact form has no room for.
	big := h.decode(t, datagram(tlv(formatExpandedFlow, 7, 0, 0x7000_0001, 100, 1000, 0, 0, 9, 0, 0x7000_0001, 1, record)))[0]
	require.Equal(t, []uint32{0x7000_0001, 9, 0x7000_0001}, []uint32{big.SamplerID, big.InIf, big.OutIf})
	require.Equal(t, uint8(flow.DirectionEgress), big.Direction)
}

func TestPorts(t *testing.T) {
	for name, c := range map[string]struct {
		out           int
		index         uint32
		status, cause int
	}{
		"interface":       {6, 6, -1, -1},
		"unknown":         {0, 0, -1, -1},
		"device itself":   {0x3fffffff, 0, -1, -1},
		"dropped by ACL":  {1<<30 | 258, 0, droppedACLDrop, 258},
		"unreachable":     {1 << 30, 0, droppedUnroutable, 0},
		"multiple":        {2<<30 | 12, 0, -1, -1},
		"multiple, some":  {2 << 30, 0, -1, -1},
		"reserved format": {3<<30 | 7, 0, -1, -1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(Config{}, 8)
			fl := h.decode(t, datagram(flowSample(1<<24|9, 100, c.out, c.out, raw(1, web))))[0]
			require.Equal(t, c.index, fl.OutIf)
			require.Equal(t, c.index, fl.InIf)
			require.Equal(t, c.index != 0, fl.Has(flow.FieldOutIf))
			require.Equal(t, uint32(1<<24|9), fl.SamplerID)
			require.False(t, fl.Has(flow.FieldDirection))
			require.Equal(t, c.status >= 0, fl.Has(flow.FieldForwardingStatus))
			reason, ok := h.batch.DropReason(fl)
			require.Equal(t, c.cause >= 0, ok)
			if ok {
				require.Equal(t, []int{c.status, c.cause}, []int{int(fl.ForwardingStatus), int(reason)})
			}
		})
	}
}

func TestDiscardedPacket(t *testing.T) {
	h := newHarness(Config{DefaultRate: 9}, 8)
	fl := h.decode(t, datagram(tlv(formatDiscarded, 1, 0, 5, 0, 5, 0, 257, 1, raw(1, web))))[0]
	reason, _ := h.batch.DropReason(fl)
	require.Equal(t, uint16(257), reason)
	require.Equal(t, uint8(droppedBadTTL), fl.ForwardingStatus)
	require.Equal(t, []uint32{5, 0, 1}, []uint32{fl.InIf, fl.OutIf, fl.SamplingRate})
	require.Equal(t, uint16(443), fl.DstPort)
	require.Equal(t, uint8(flow.RecordTypeDrop), fl.RecordType)
	require.Equal(t, "ttl_exceeded", flow.EnumText(flow.FieldDropReason, uint64(reason)))
	packets, _ := h.batch.PacketsDropped(fl)
	bytes, _ := h.batch.BytesDropped(fl)
	require.Equal(t, []uint64{1, uint64(len(web)) + 4}, []uint64{packets, bytes})
	require.False(t, fl.Has(flow.FieldPackets) || fl.Has(flow.FieldBytes), "a dropped packet is no traffic")
	require.Zero(t, fl.Packets+fl.Bytes)
	require.Equal(t, [Kinds]uint64{Drops: 1}, h.Counts().Samples)
}

// TestRates asks for the rate of a sample by what it tells, the default, and the
// agent's address; what the sender's address is does not count.
func TestRates(t *testing.T) {
	rules := func(prefix string) samplingrate.Rules {
		return samplingrate.Rules{{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Rate: 9}, {Prefix: netip.MustParsePrefix(prefix), Rate: 64}}
	}
	for name, c := range map[string]struct {
		config Config
		told   int
		want   uint32
	}{
		"told":                            {Config{}, 100, 100},
		"nobody tells it":                 {Config{}, 0, 0},
		"default":                         {Config{DefaultRate: 512}, 0, 512},
		"told, not the default":           {Config{DefaultRate: 512}, 100, 100},
		"by agent":                        {Config{DefaultRate: 512, Rates: rules("192.0.2.200/32")}, 100, 64},
		"by agent, not told":              {Config{DefaultRate: 512, Rates: rules("192.0.2.200/32")}, 0, 64},
		"the sender is not looked at":     {Config{Rates: rules("198.51.100.0/24")}, 100, 9},
		"the prefix is of the other kind": {Config{DefaultRate: 512, Rates: rules("2001:db8::/32")[1:]}, 0, 512},
	} {
		h := newHarness(c.config, 4)
		flows := h.decode(t, datagram(flowSample(5, c.told, 5, 6, raw(1, web)), tlv(formatDiscarded, 1, 0, 5, 0, 5, 0, 257, 1, raw(1, web))))
		require.Equal(t, c.want, flows[0].SamplingRate, name)
		require.Equal(t, c.want != 0, flows[0].Has(flow.FieldSamplingRate), name)
		require.Equal(t, uint64(len(web))+4, flows[0].Bytes, "%s: bytes are not multiplied", name)
		require.Equal(t, uint32(1), flows[1].SamplingRate, "%s: all dropped packets are told", name)
	}
	// An agent without an address is known by the sender's.
	h := newHarness(Config{Rates: rules("198.51.100.1/32")}, 1)
	fl := h.decode(t, cat(version, 0, 3, 42, 1000, 1, flowSample(5, 100, 5, 6)))[0]
	require.Equal(t, uint32(64), fl.SamplingRate)
}

func TestHeaderProtocols(t *testing.T) {
	v4 := ip4(flow.ProtoUDP, udp(1000, 53, nil))
	v6 := cat(6<<28, []byte{0, 8, flow.ProtoUDP, 64}, make([]byte, 32), udp(1000, 53, nil))
	snap := []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}
	macs := ether(uint16(len(v4)+len(snap)), nil)
	for name, record := range map[string][]byte{
		"Ethernet":         raw(1, ether(flow.EtherTypeIPv4, v4)),
		"token ring":       raw(3, cat([]byte{0x10, 0x40}, macs[:12], snap, v4)),
		"FDDI":             raw(4, cat([]byte{0x50}, macs[:12], snap, v4)),
		"Frame Relay":      raw(5, cat([]byte{0x18, 0x41, 3, 0xcc}, v4)),
		"PPP":              raw(7, cat([]byte{0x00, 0x21}, v4)),
		"AAL5":             raw(9, cat(snap, v4)),
		"AAL5, IP":         raw(10, v4),
		"IPv4":             raw(11, v4),
		"IPv6":             raw(12, v6),
		"MPLS":             raw(13, cat(100<<12|1<<8|64, v4)),
		"POS":              raw(14, cat([]byte{0xff, 0x03, 0x00, 0x21}, v4)),
		"802.11":           raw(15, cat([]byte{8, 0, 0, 0}, macs[:12], make([]byte, 8), snap, v4)),
		"802.11 aggregate": raw(17, cat(macs, snap, v4)),
	} {
		fl := newHarness(Config{}, 1).one(t, record)
		require.Equal(t, []uint16{1000, 53}, []uint16{fl.SrcPort, fl.DstPort}, name)
		require.Equal(t, name == "IPv6", fl.EtherType == flow.EtherTypeIPv6, name)
	}
	h := newHarness(Config{}, 16)
	none := []int{0, 2, 6, 8, 16, 18, 19, 1 << 30}
	for _, protocol := range none {
		fl := h.one(t, raw(protocol, v4))
		require.False(t, fl.Has(flow.FieldSrcAddr))
		require.Equal(t, uint64(len(v4))+4, fl.Bytes)
	}
	require.Equal(t, uint64(len(none)), h.Counts().Headers[packet.UnsupportedLink])
}

func TestFrameThatIsNoIPIsAFlow(t *testing.T) {
	h := newHarness(Config{}, 8)
	fl := h.one(t, raw(1, ether(flow.EtherTypeARP, make([]byte, 28))))
	require.Equal(t, uint16(flow.EtherTypeARP), fl.EtherType)
	require.False(t, fl.SrcMAC.IsZero())
	require.False(t, fl.Has(flow.FieldSrcAddr) || fl.Has(flow.FieldProto) || fl.Has(flow.FieldTTL))
	fl = h.one(t, raw(1, ether(38, make([]byte, 38)))) // a length, not a type
	require.False(t, fl.Has(flow.FieldEtherType))
	fl = h.one(t) // no record at all
	require.Equal(t, uint64(1), fl.Packets)
	require.False(t, fl.Has(flow.FieldBytes))
	counts := h.Counts()
	require.Equal(t, []uint64{1, 1}, []uint64{counts.Headers[packet.ARP], counts.Headers[packet.LLC]})
	require.Equal(t, uint64(3), counts.Samples[Flows])
}

func TestHeaderThatEndsEarly(t *testing.T) {
	h := newHarness(Config{}, 64)
	for n := range web {
		fl := h.one(t, tlv(recordRaw, 1, 1518, 4, opaque(web[:n])))
		require.Equal(t, uint64(1518), fl.Bytes)
		require.Equal(t, n >= 34, fl.Has(flow.FieldSrcAddr))
	}
}

func TestSampledRecords(t *testing.T) {
	mac := func(last byte) []byte { return []byte{2, 0, 0, 0, 0, last, 0, 0} }
	ipv4 := tlv(recordIPv4, 40, 6, []byte{192, 0, 2, 1}, []byte{192, 0, 2, 2}, 50000, 443, 0x12, 0x10)
	h := newHarness(Config{}, 16)
	fl := h.one(t, ipv4)
	require.Equal(t, []flow.Addr{addr("192.0.2.1"), addr("192.0.2.2")}, []flow.Addr{fl.SrcAddr, fl.DstAddr})
	require.Equal(t, []uint16{50000, 443, 0x12, flow.EtherTypeIPv4}, []uint16{fl.SrcPort, fl.DstPort, fl.TCPFlags, fl.EtherType})
	require.Equal(t, []uint8{6, 0x10}, []uint8{fl.Proto, fl.TOS})
	require.Equal(t, uint64(40), fl.Bytes)

	v6 := addr("2001:db8::1")
	fl = h.one(t, tlv(recordIPv6, 60, 17, v6[:], v6[:], 1000, 53, 0, 4))
	require.Equal(t, []flow.Addr{v6, v6}, []flow.Addr{fl.SrcAddr, fl.DstAddr})
	require.Equal(t, []uint16{1000, 53, flow.EtherTypeIPv6}, []uint16{fl.SrcPort, fl.DstPort, fl.EtherType})
	require.False(t, fl.Has(flow.FieldTCPFlags))

	for _, ethernet := range [][]byte{
		tlv(recordEthernet, 64, mac(1), mac(2), 0x0800),
		tlv(recordEthernet, 64, mac(1)[:6], mac(2)[:6], 0x0800), // without fill
	} {
		for _, records := range [][][]byte{{ethernet, ipv4}, {ipv4, ethernet}} {
			fl = h.one(t, records...)
			require.Equal(t, []flow.MAC{{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}}, []flow.MAC{fl.SrcMAC, fl.DstMAC})
			require.Equal(t, uint16(443), fl.DstPort)
			require.Equal(t, uint64(64), fl.Bytes, "the frame's length goes before that of the packet")
		}
	}
	fl = h.one(t, ipv4, raw(1, web))
	require.Equal(t, uint64(len(web))+4, fl.Bytes, "and that of the raw header before both")
}

func TestExtendedRecords(t *testing.T) {
	h := newHarness(Config{}, 32)
	b := h.batch
	fl := h.one(t,
		tlv(recordSwitch, 10, 9, 20, 0xffffffff),
		tlv(recordRouter, netip.MustParseAddr("2001:db8::9"), 48, 24),
		tlv(recordGateway, netip.MustParseAddr("192.0.2.9"), 64500, 0, 64501, 2, 2, 2, 64510, 64511, 1, 1, 64512, 2, 100<<16|7, 100<<16|8, 200),
		tlv(recordUser, 106, "alice", 106, "bob"),
		tlv(recordNAT, netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("192.0.2.2")),
		tlv(recordNATPort, 4000, 443),
		tlv(recordTCPInfo, 1, 1460, 1460, 0, 0, 3, 1500, 20000, 10, 10, 3, 15000),
		raw(1, web))
	require.Equal(t, []uint16{10, 20}, []uint16{fl.SrcVLAN, fl.DstVLAN})
	priority, _ := b.VLANPriority(fl)
	require.Equal(t, uint8(1), priority, "three bits")
	require.Equal(t, []flow.Addr{addr("2001:db8::9"), addr("192.0.2.9")}, []flow.Addr{fl.NextHop, fl.BGPNextHop})
	require.Equal(t, []uint8{48, 24}, []uint8{fl.SrcPrefixLen, fl.DstPrefixLen})
	require.Equal(t, []uint32{64500, 64512, 64510}, []uint32{fl.SrcAS, fl.DstAS, fl.NextHopAS})
	path, _ := b.ASPath(fl)
	require.Equal(t, []uint32{64510, 64511, 64512}, path)
	communities, _ := b.Communities(fl)
	require.Equal(t, []uint32{100<<16 | 7, 100<<16 | 8}, communities)
	preference, _ := b.LocalPref(fl)
	require.Equal(t, uint32(200), preference)
	name, _ := b.Text(fl, flow.FieldUser)
	require.Equal(t, "alice", string(name))
	nat, _ := b.NATSrcAddr(fl)
	require.Equal(t, addr("198.51.100.7"), nat)
	natPort, _ := b.NATSrcPort(fl)
	require.Equal(t, uint16(4000), natPort)
	rtt, _ := b.RTT(fl)
	retransmits, _ := b.Retransmits(fl)
	require.Equal(t, []uint64{20_000_000, 3}, []uint64{rtt, retransmits})
	require.Equal(t, Counts{AgentCounts: AgentCounts{Datagrams: 1, Samples: [Kinds]uint64{Flows: 1}}}, h.Counts())

	fl = h.one(t, tlv(recordUser, 106, "", 106, "bob"), tlv(recordSwitch, 0xffffffff, 0, 4096, 0),
		tlv(recordRouter, 0, 0xffffffff, 129), tlv(recordGateway, 0, 0, 0, 0, 0, 0, 100))
	name, _ = b.Text(fl, flow.FieldUser)
	require.Equal(t, "bob", string(name))
	for _, f := range []flow.Field{flow.FieldSrcVLAN, flow.FieldDstVLAN, flow.FieldNextHop, flow.FieldSrcPrefixLen, flow.FieldDstPrefixLen, flow.FieldBGPNextHop, flow.FieldSrcAS, flow.FieldDstAS, flow.FieldNextHopAS} {
		require.False(t, fl.Has(f), f.Info().Name)
	}
	require.Zero(t, h.Counts().Refused)
}

func TestMPLSRecord(t *testing.T) {
	h := newHarness(Config{}, 8)
	stack := tlv(recordMPLS, netip.MustParseAddr("192.0.2.9"), 2, 100<<12|64, 200<<12|1<<8|63, 0)
	fl := h.one(t, stack, raw(1, web))
	labels, _ := h.batch.MPLSLabels(fl)
	ttls, _ := h.batch.MPLSTTLs(fl)
	require.Equal(t, [][]uint32{{100, 200}, {64, 63}}, [][]uint32{labels, ttls})
	require.Equal(t, addr("192.0.2.9"), fl.NextHop)
	fl = h.one(t, stack, raw(13, cat(300<<12|1<<8|64, web[14:])), tlv(recordRouter, netip.MustParseAddr("192.0.2.10"), 24, 24))
	labels, _ = h.batch.MPLSLabels(fl)
	require.Equal(t, []uint32{300}, labels, "the packet's own")
	require.Equal(t, addr("192.0.2.10"), fl.NextHop)
}

func TestStrippedVLANs(t *testing.T) {
	tagged := ether(0x8100, cat([]byte{0x60, 30, 8, 0}, web[14:]))
	h := newHarness(Config{}, 8)
	for _, c := range []struct {
		tags         []byte
		frame        []byte
		outer, inner uint16
		priority     uint8
	}{
		{nil, tagged, 30, 0, 3},
		{cat(1, 0x8100a00a), web, 10, 0, 5},
		{cat(1, 0x8100a00a), tagged, 10, 30, 5},
		{cat(2, 0x88a8a00a, 0x8100000b), tagged, 10, 11, 5},
		{cat(0), tagged, 30, 0, 3},
	} {
		records := [][]byte{raw(1, c.frame), tlv(recordSwitch, 30, 1, 30, 1)}
		if c.tags != nil {
			records = append([][]byte{tlv(recordVLANTunnel, c.tags)}, records...)
		}
		fl := h.one(t, records...)
		inner, _ := h.batch.InnerVLAN(fl)
		priority, _ := h.batch.VLANPriority(fl)
		require.Equal(t, []uint16{c.outer, c.inner}, []uint16{fl.VLAN, inner})
		require.Equal(t, c.priority, priority)
	}
}

func TestTunnels(t *testing.T) {
	vxlan := ether(flow.EtherTypeIPv4, ip4(flow.ProtoUDP, udp(50001, 4789, cat(8<<24, 77<<8, web))))
	h := newHarness(Config{}, 8)
	b := h.batch
	check := func(fl *flow.Flow, tunnel uint8, id uint64) {
		t.Helper()
		inner, _ := b.InnerDstPort(fl)
		kind, _ := b.TunnelType(fl)
		vni, _ := b.TunnelID(fl)
		require.Equal(t, uint16(443), inner)
		require.Equal(t, tunnel, kind)
		require.Equal(t, id, vni)
	}
	fl := h.one(t, raw(1, vxlan), tlv(recordVNIIngress, 5))
	check(fl, flow.TunnelVXLAN, 77)
	require.Equal(t, uint16(4789), fl.DstPort)

	// A port that tells no tunnel: the agent says where the inner header is.
	vxlan[36], vxlan[37] = 0x99, 0x99
	fl = h.one(t, tlv(recordVNIIngress, 5), tlv(recordDecapIngress, 50), raw(1, vxlan))
	check(fl, flow.TunnelNone, 5)
	fl = h.one(t, tlv(recordDecapEgress, 64), raw(1, vxlan))
	check(fl, flow.TunnelNone, 0)
	fl = h.one(t, tlv(recordDecapEgress, 0xffffffff), raw(1, vxlan))
	_, ok := b.InnerDstPort(fl)
	require.False(t, ok)
	fl = h.one(t, tlv(recordDecapEgress, 50)) // nothing to look into
	_, ok = b.InnerDstPort(fl)
	require.False(t, ok)
}

// TestTunnelRecords tells of a tunnel whose header is not in the sampled one.
func TestTunnelRecords(t *testing.T) {
	v4 := func(proto, port int) []byte {
		return cat(98, proto, []byte{198, 51, 100, 1}, []byte{198, 51, 100, 2}, 50001, port, 0, 0)
	}
	v6 := addr("2001:db8::1")
	outer6 := cat(98, 17, v6[:], v6[:], 50001, 6081, 0, 0)
	h := newHarness(Config{}, 32)
	for name, c := range map[string]struct {
		record   []byte
		src, dst string
		kind     uint8
	}{
		"VXLAN, to be put on": {tlv(recordIPv4Egress, v4(17, 4789)), "198.51.100.1", "198.51.100.2", flow.TunnelVXLAN},
		"GRE, taken off":      {tlv(recordIPv4Ingress, v4(47, 0)), "198.51.100.1", "198.51.100.2", flow.TunnelGRE},
		"a longer record":     {tlv(recordIPv4Ingress, v4(47, 0), make([]byte, 64)), "198.51.100.1", "198.51.100.2", flow.TunnelGRE},
		"IP in IP":            {tlv(recordIPv4Ingress, v4(4, 0)), "198.51.100.1", "198.51.100.2", flow.TunnelIPIP},
		"of no known kind":    {tlv(recordIPv4Ingress, v4(17, 9999)), "198.51.100.1", "198.51.100.2", flow.TunnelNone},
		"Geneve over IPv6":    {tlv(recordIPv6Egress, outer6), "2001:db8::1", "2001:db8::1", flow.TunnelGeneve},
		"IPv6, taken off":     {tlv(recordIPv6Ingress, outer6), "2001:db8::1", "2001:db8::1", flow.TunnelGeneve},
	} {
		fl := h.one(t, c.record, tlv(recordVNIEgress, 77), raw(1, web))
		src, _ := h.batch.TunnelSrcAddr(fl)
		dst, _ := h.batch.TunnelDstAddr(fl)
		kind, told := h.batch.TunnelType(fl)
		id, _ := h.batch.TunnelID(fl)
		require.Equal(t, []string{c.src, c.dst}, []string{src.String(), dst.String()}, name)
		require.Equal(t, c.kind, kind, name)
		require.Equal(t, c.kind != flow.TunnelNone, told, name)
		require.Equal(t, uint64(77), id, name)
		require.Equal(t, addr("192.0.2.1"), fl.SrcAddr, "%s: the flow is the packet that was sampled", name)
	}
	require.Zero(t, h.Counts().Refused)
}

func TestAgents(t *testing.T) {
	h := newHarness(Config{}, 8)
	sample := flowSample(5, 100, 5, 6, raw(1, web))
	v6 := netip.MustParseAddr("2001:db8::5")
	require.Equal(t, addr("2001:db8::5"), h.decode(t, cat(version, v6, 3, 42, 1000, 1, sample))[0].Exporter)
	require.Equal(t, addr("198.51.100.1"), h.decode(t, cat(version, 0, 3, 42, 1000, 1, sample))[0].Exporter, "an agent without an address")
	unspecified := netip.IPv4Unspecified()
	require.Equal(t, addr("198.51.100.1"), h.decode(t, cat(version, unspecified, 3, 42, 1000, 1, sample))[0].Exporter)
	require.Empty(t, h.decode(t, cat(version, 3, 3, 42, 1000, 1, sample)))
	require.Equal(t, uint64(1), h.Counts().Refused[BadAgent])
}
