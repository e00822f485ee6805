package netflow

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
)

// element is one field of a template and its value.
type element struct {
	wireField
	value []byte
}

// num is a number of so many bytes, raw any value, addr an address, list a
// basicList.
func num(id, length uint16, n uint64) element {
	return element{wireField{id, length, 0}, be.AppendUint64(nil, n)[8-length:]}
}

func raw(id uint16, v ...byte) element { return element{wireField{id, uint16(len(v)), 0}, v} }

func text(id uint16, s string) element { return raw(id, []byte(s)...) }

func addr(id uint16, a string) element { return raw(id, netip.MustParseAddr(a).AsSlice()...) }

func list(id, of uint16, items ...[]byte) element {
	v := cat([]byte{3}, be.AppendUint16(nil, of), be.AppendUint16(nil, uint16(len(items[0]))), cat(items...))
	return element{wireField{id, variableLength, 0}, append([]byte{byte(len(v))}, v...)}
}

func reverse(e element) element {
	e.pen = reversePEN
	return e
}

// ntp is a time in the middle of a second as an NTP timestamp. Exporters cut what
// a fraction cannot hold.
func ntp(seconds, nanos uint64) uint64 { return (seconds+ntpEpoch)<<32 | nanos<<32/1e9 }

// decodeRecord decodes one record of a template of elements, and returns what its
// flow says by name.
func decodeRecord(t *testing.T, r *rig, gram func(seq, domain uint32, sets ...[]byte) []byte, elements []element) (got map[string]any) {
	t.Helper()
	var fields []wireField
	var record []byte
	for _, e := range elements {
		fields, record = append(fields, e.wireField), append(record, e.value...)
	}
	set := uint16(setTemplate)
	if u16(gram(0, 0)) == versionV9 {
		set = setTemplateV9
	}
	r.feed(func(b *flow.Batch, fl *flow.Flow) {
		require.Nil(t, got, "one flow")
		got = codectest.Dump(b, fl)
	}, from(gram(1, 7, appendSet(nil, set, templateBody(300, fields)), appendSet(nil, 300, record)))...)
	require.NotNil(t, got)
	return got
}

// say puts fields and their values in a line, in the order of names.
func say(got map[string]any, names []string) string {
	var all []string
	for _, name := range names {
		v, ok := got[name]
		if !ok {
			v = "absent"
		}
		all = append(all, fmt.Sprintf("%s=%v", name, v))
	}
	return strings.Join(all, " ")
}

// TestElements has records of what exporters send, and what becomes of it.
func TestElements(t *testing.T) {
	const a, b, c = "2001:db8::a", "2001:db8::b", "2001:db8::c"
	segment := func(s string) []byte { v := netip.MustParseAddr(s).As16(); return v[:] }
	header := cat([]byte{6, 4, 4, 1, 1, 0x80, 0, 9}, segment(b), segment(c))
	for _, x := range []struct {
		name     string
		elements []element
		want     string
	}{
		{"running totals are no deltas",
			[]element{num(85, 8, 1000), num(86, 8, 10), num(171, 4, 900), num(172, 4, 9), num(134, 4, 100), num(135, 4, 1), num(353, 8, 2000), num(163, 8, 77)},
			"bytes=absent packets=absent bytes_total=1000 packets_total=10 bytes_out=absent bytes_out_total=900 packets_out_total=9 bytes_dropped=absent bytes_dropped_total=100 packets_dropped_total=1 bytes_layer2=absent bytes_layer2_total=2000 observed_flows=77"},
		{"deltas, totals and what leaves stay apart",
			[]element{num(23, 4, 900), num(24, 4, 9), num(1, 8, 1000), num(2, 8, 10), num(85, 8, 5000), num(86, 8, 50), num(132, 4, 100), num(133, 4, 1), num(3, 4, 4)},
			"bytes=1000 packets=10 bytes_out=900 packets_out=9 bytes_total=5000 packets_total=50 bytes_dropped=100 packets_dropped=1 flow_count=4"},
		{"octets of layer 2 stay apart",
			[]element{num(352, 8, 1140), num(1, 8, 1000), num(2, 8, 10)},
			"bytes=1000 packets=10 bytes_layer2=1140"},
		{"initiator and responder",
			[]element{num(231, 8, 100), num(232, 8, 200), num(298, 8, 1), num(299, 8, 2)},
			"bytes=100 packets=1 reverse_bytes=200 reverse_packets=2"},
		{"octets of the flow count before those of its initiator",
			[]element{num(231, 8, 100), num(1, 8, 140)},
			"bytes=140"},
		{"the reverse direction of a biflow",
			[]element{num(1, 4, 100), reverse(num(1, 4, 200)), num(2, 4, 1), reverse(num(2, 4, 2)), reverse(num(85, 8, 300)), reverse(num(86, 8, 3)), num(6, 2, 2), reverse(num(6, 2, 0x12)), reverse(num(5, 1, 8)), num(239, 1, 1)},
			"bytes=100 packets=1 reverse_bytes=200 reverse_packets=2 reverse_bytes_total=300 reverse_packets_total=3 tcp_flags=2 reverse_tcp_flags=18 reverse_ip_tos=8 biflow_direction=1"},
		{"the outer packet of a tunnel in the main fields",
			[]element{addr(27, a), addr(28, b), num(4, 1, 47), num(5, 1, 1), addr(8, "10.0.0.1"), addr(12, "10.0.0.2"), num(4, 1, 6), num(5, 1, 2), num(7, 2, 1024), num(11, 2, 80), num(296, 4, 5)},
			"src_addr=2001:db8::a dst_addr=2001:db8::b proto=47 ip_tos=1 src_port=1024 dst_port=80 inner_src_addr=10.0.0.1 inner_dst_addr=10.0.0.2 inner_proto=6 inner_ip_tos=2 tunnel_id=5 tunnel_type=1"},
		{"a VXLAN segment", []element{num(351, 8, 1<<56|42)}, "tunnel_id=42 tunnel_type=2"},
		{"an NVGRE segment", []element{num(351, 8, 2<<56|42)}, "tunnel_id=42 tunnel_type=1"},
		{"a segment of no kind", []element{num(351, 8, 1<<32|42)}, "tunnel_id=4294967338 tunnel_type=absent"},
		{"segment routing",
			[]element{num(492, 1, 0x80), num(493, 2, 9), num(498, 1, 1), addr(495, b), num(500, 1, 4), num(501, 1, 48), num(502, 2, 1), list(496, 494, segment(b), segment(c))},
			"srv6_flags=128 srv6_tag=9 ipv6_routing_header_seg_left=1 srv6_active_segment=2001:db8::b srv6_active_segment_type=4 srv6_locator_len=48 srv6_endpoint_behavior=1 ipv6_routing_header_addresses=[2001:db8::b 2001:db8::c]"},
		{"segments in a section", []element{raw(497, cat(segment(b), segment(c))...)}, "ipv6_routing_header_addresses=[2001:db8::b 2001:db8::c]"},
		{"segments one by one", []element{addr(494, b), addr(494, c)}, "ipv6_routing_header_addresses=[2001:db8::b 2001:db8::c]"},
		{"a segment routing header", []element{raw(499, header...)},
			"srv6_flags=128 srv6_tag=9 ipv6_routing_header_seg_left=1 ipv6_routing_header_addresses=[2001:db8::b 2001:db8::c]"},
		{"MPLS labels, in any order",
			[]element{raw(71, 0, 0x20, 1), raw(70, 0, 0x10, 0), num(200, 1, 64), num(203, 1, 5), num(46, 1, 5), addr(47, "192.0.2.9"), num(91, 1, 32), num(90, 8, 100<<32|1)},
			"mpls_label=[256 512] mpls_ttl=[64] mpls_top_label_exp=5 mpls_top_label_type=5 mpls_ip=[192.0.2.9] mpls_top_label_prefix_len=32 route_distinguisher=429496729601"},
		{"an MPLS label stack", []element{raw(316, 0, 0x10, 0, 64, 0, 0x20, 1, 63, 0, 0x30, 1, 62)}, "mpls_label=[256 512] mpls_ttl=[64 63]"},
		{"a NAT event",
			[]element{num(230, 1, 4), addr(225, "192.0.2.1"), addr(226, "192.0.2.2"), num(227, 2, 1024), num(228, 2, 80), num(229, 1, 1), num(234, 4, 5), num(235, 4, 6), num(463, 4, 7), num(323, 8, 1_700_000_000_123)},
			"nat_event=4 nat_src_addr=192.0.2.1 nat_dst_addr=192.0.2.2 nat_src_port=1024 nat_dst_port=80 nat_originating_realm=1 ingress_vrf_id=5 egress_vrf_id=6 nat_instance=7 time_flow_start_ns=1700000000123000000 time_flow_end_ns=1700000000123000000"},
		{"a block of ports",
			[]element{num(230, 1, 16), addr(281, a), num(361, 2, 1024), num(362, 2, 2047), num(363, 2, 1), num(364, 2, 1024), num(283, 4, 3), text(284, "pool"), num(466, 4, 2), num(467, 4, 1)},
			"nat_event=16 nat_src_addr=2001:db8::a nat_port_block_start=1024 nat_port_block_end=2047 nat_port_block_step=1 nat_port_block_size=1024 nat_pool_id=3 nat_pool_name=pool nat_quota_event=2 nat_threshold_event=1"},
		{"a firewall event", []element{num(233, 1, 3), text(40000, "bob"), num(152, 8, 1_700_000_000_000), num(323, 8, 1_700_000_000_500)},
			"firewall_event=3 user_name=bob time_flow_start_ns=1700000000000000000 time_flow_end_ns=1700000000500000000"},
		{"VLANs",
			[]element{num(58, 2, 1), num(254, 2, 2), num(243, 2, 3), num(244, 1, 4), num(245, 2, 5), num(246, 1, 6), num(255, 2, 7)},
			"src_vlan=1 dst_vlan=2 vlan_id=3 vlan_priority=4 inner_vlan=5 inner_vlan_priority=6 inner_vlan_out=7"},
		{"what the observation point changes",
			[]element{num(5, 1, 1), num(55, 1, 2), raw(56, 2, 0, 0, 0, 0, 1), raw(57, 2, 0, 0, 0, 0, 2), raw(80, 2, 0, 0, 0, 0, 3), raw(81, 2, 0, 0, 0, 0, 4), num(59, 2, 9)},
			"ip_tos=1 ip_tos_out=2 src_mac=2199023255553 dst_mac_out=2199023255554 dst_mac=2199023255555 src_mac_out=2199023255556 dst_vlan=9"},
		{"DSCP and precedence", []element{num(195, 1, 46), num(98, 1, 10)}, "ip_tos=184 ip_tos_out=40"},
		{"precedence alone", []element{num(196, 1, 5), num(257, 1, 1)}, "ip_tos=160 ip_tos_out=32"},
		{"the whole type of service counts before DSCP", []element{num(195, 1, 46), num(5, 1, 185)}, "ip_tos=185"},
		{"neighbours and prefixes",
			[]element{num(128, 4, 64500), num(129, 4, 64501), addr(44, "192.0.2.0"), addr(45, "198.51.100.0"), num(9, 1, 24), num(13, 1, 25)},
			"next_hop_as=64500 prev_hop_as=64501 src_addr=192.0.2.0 dst_addr=198.51.100.0 src_net=24 dst_net=25 etype=2048"},
		{"an address counts before its prefix", []element{addr(44, "192.0.2.0"), addr(8, "192.0.2.7")}, "src_addr=192.0.2.7"},
		{"IPv6 prefixes", []element{addr(170, a), addr(169, b)}, "src_addr=2001:db8::a dst_addr=2001:db8::b etype=34525"},
		{"communities", []element{list(484, 483, words(1), words(2)), list(485, 483, words(3)), list(487, 486, words(4, 5)), list(488, 486, words(6, 7)), list(490, 489, words(8, 9, 10)), list(491, 489, words(11, 12, 13))},
			"src_bgp_communities=[1 2] bgp_communities=[3] src_bgp_ext_communities=[4 5] bgp_ext_communities=[6 7] src_bgp_large_communities=[8 9 10] bgp_large_communities=[11 12 13]"},
		{"communities one by one", []element{num(483, 4, 1), num(483, 4, 2), raw(489, words(1, 2, 3)...), raw(489, words(4, 5, 6)...), raw(486, words(7, 8)...)},
			"bgp_communities=[1 2] bgp_large_communities=[1 2 3 4 5 6] bgp_ext_communities=[7 8]"},
		{"origin validation", []element{num(294, 1, 0)}, "validation_status=1"},
		{"an invalid origin", []element{num(294, 1, 2)}, "validation_status=3"},
		{"the rest", []element{num(136, 1, 3), num(61, 1, 1), num(234, 4, 8), num(235, 4, 9), raw(95, 3, 0, 0, 80), text(96, "http"), num(89, 1, 64)},
			"flow_end_reason=3 flow_direction=1 ingress_vrf_id=8 egress_vrf_id=9 application_id=216172782113783888 application_name=http forwarding_status=64"},
		{"a sampling probability", []element{raw(311, be.AppendUint64(nil, math.Float64bits(0.001))...)}, "sampling_rate=1000"},
		{"a narrow sampling probability", []element{raw(311, be.AppendUint32(nil, math.Float32bits(0.001))...)}, "sampling_rate=1000"},
		{"no sampling probability", []element{raw(311, be.AppendUint64(nil, math.Float64bits(math.NaN()))...)}, "sampling_rate=absent"},
		{"no sampling rate", []element{num(34, 4, 0), num(1, 4, 5)}, "sampling_rate=absent bytes=5"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var names []string
			for _, w := range strings.Split(x.want, "=") {
				names = append(names, w[strings.LastIndexByte(w, ' ')+1:])
			}
			gram := ipfix
			for _, e := range x.elements {
				if e.id >= 1<<15 {
					gram = v9 // such types are its own
				}
			}
			got := decodeRecord(t, newRig(t, Config{}, 8), gram, x.elements)
			require.Equal(t, x.want, say(got, names[:len(names)-1]))
		})
	}
}

// TestTimes has one flow from 1.25 s to 0.5 s before the export, told in every
// way.
func TestTimes(t *testing.T) {
	const export = 1_700_000_000
	const start, end = int64(export*1e9 - 125e7), int64(export*1e9 - 5e8)
	const uptime = 5_000_000 // of v9's header [ms]
	initial := uint64(export*1000 - uptime)
	wrapped := initial - 1<<32 // uptime has wrapped once
	both := []any{start, end}
	for _, x := range []struct {
		name     string
		gram     func(seq, domain uint32, sets ...[]byte) []byte
		elements []element
		want     []any // start and end
	}{
		{"uptime of the header", v9, []element{num(22, 4, uptime-1250), num(21, 4, uptime-500)}, both},
		{"milliseconds in v9", v9, []element{num(152, 8, export*1000-1250), num(153, 8, export*1000-500)}, both},
		{"uptime and its start", ipfix, []element{num(22, 4, uptime-1250), num(21, 4, uptime-500), num(160, 8, initial)}, both},
		{"uptime that wrapped", ipfix, []element{num(22, 4, uptime-1250), num(21, 4, uptime-500), num(160, 8, wrapped)}, both},
		{"uptime of nobody knows what", ipfix, []element{num(22, 4, uptime-1250), num(21, 4, uptime-500)}, []any{nil, nil}},
		{"seconds where uptime says nothing", ipfix, []element{num(22, 4, 1), num(21, 4, 2), num(150, 4, export-2), num(151, 4, export-1)}, []any{int64(export*1e9 - 2e9), int64(export*1e9 - 1e9)}},
		{"seconds", ipfix, []element{num(150, 4, export-2), num(151, 4, export-1)}, []any{int64(export*1e9 - 2e9), int64(export*1e9 - 1e9)}},
		{"milliseconds", ipfix, []element{num(152, 8, export*1000-1250), num(153, 8, export*1000-500)}, both},
		{"microseconds", ipfix, []element{num(154, 8, ntp(export-2, 75e7)), num(155, 8, ntp(export-1, 5e8))}, both},
		{"nanoseconds", ipfix, []element{num(156, 8, ntp(export-2, 75e7)), num(157, 8, ntp(export-1, 5e8))}, both},
		{"microseconds before the export", ipfix, []element{num(158, 4, 1_250_000), num(159, 4, 500_000)}, both},
		{"the finest counts", ipfix, []element{num(150, 4, export-2), num(152, 8, export*1000-1250), num(151, 4, export-1), num(153, 8, export*1000-500)}, both},
		{"unless it is unknown", ipfix, []element{num(150, 4, export-2), num(152, 8, 0)}, []any{int64(export*1e9 - 2e9), nil}},
		{"a start and milliseconds", ipfix, []element{num(161, 4, 750), num(152, 8, export*1000-1250)}, both},
		{"an end and microseconds", ipfix, []element{num(153, 8, export*1000-500), num(162, 4, 750_000)}, both},
		{"a start, and an end of 0", ipfix, []element{num(161, 4, 750), num(152, 8, export*1000-1250), num(153, 8, 0)}, both},
		{"both ends count before how long it took", ipfix, []element{num(152, 8, export*1000-1250), num(153, 8, export*1000-500), num(161, 4, 9)}, both},
		{"nothing but how long it took", ipfix, []element{num(161, 4, 750)}, []any{nil, nil}},
		{"how long it took in v9", v9, []element{num(22, 4, uptime-1250), num(161, 4, 750)}, both},
		{"observed at a second", ipfix, []element{num(322, 4, export-1)}, []any{int64(export*1e9 - 1e9), int64(export*1e9 - 1e9)}},
		{"observed at a millisecond", ipfix, []element{num(323, 8, export*1000-500)}, []any{end, end}},
		{"observed at a microsecond", ipfix, []element{num(324, 8, ntp(export-1, 5e8))}, []any{end, end}},
		{"observed at a nanosecond", ipfix, []element{num(325, 8, ntp(export-1, 5e8))}, []any{end, end}},
		{"observed, with a start", ipfix, []element{num(323, 8, export*1000-500), num(152, 8, export*1000-1250)}, both},
		{"observed never", ipfix, []element{num(323, 8, 0)}, []any{nil, nil}},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := decodeRecord(t, newRig(t, Config{}, 8), x.gram, x.elements)
			for i, name := range []string{"time_flow_start_ns", "time_flow_end_ns"} {
				if x.want[i] == nil {
					require.NotContains(t, got, name)
				} else {
					require.EqualValues(t, x.want[i], got[name], name)
				}
			}
			if u16(x.gram(0, 0)) == versionV9 {
				return
			}
			// The same of the reverse direction.
			var back []element
			for _, e := range x.elements {
				if e.id >= ieObservationSeconds && e.id <= ieObservationNanoseconds {
					return
				}
				if e.id != ieSystemInit {
					e = reverse(e)
				}
				back = append(back, e)
			}
			got = decodeRecord(t, newRig(t, Config{}, 8), x.gram, back)
			for i, name := range []string{"reverse_time_flow_start_ns", "reverse_time_flow_end_ns"} {
				if x.want[i] == nil {
					require.NotContains(t, got, name)
				} else {
					require.EqualValues(t, x.want[i], got[name], name)
				}
			}
		})
	}
}

// TestTimesAgree has times of every kind that are the same, whatever NTP's
// fractions cut off.
func TestTimesAgree(t *testing.T) {
	for _, ms := range []uint64{0, 1, 123, 499, 500, 501, 999} {
		const s = 1_700_000_000
		want := int64(s*1e9) + int64(ms)*milli
		require.Equal(t, want, instant(opMilli, be.AppendUint64(nil, s*1000+ms)))
		require.Equal(t, want, instant(opMicro, be.AppendUint64(nil, ntp(s, ms*milli))))
		require.Equal(t, want, instant(opNTP, be.AppendUint64(nil, ntp(s, ms*milli))))
		noise := ntp(s, ms*milli)&^(1<<11-1) | 0x7ff // bits that mean nothing
		require.Equal(t, want, instant(opMicro, be.AppendUint64(nil, noise)))
	}
	require.EqualValues(t, 1_700_000_000e9, instant(opSeconds, words(1_700_000_000)))
	require.EqualValues(t, int64(1<<32-ntpEpoch)*1e9, instant(opNTP, be.AppendUint64(nil, 1)), "in 2036 an era ends")
	require.Zero(t, instant(opNTP, words(5)), "4 bytes are no timestamp")
}

// TestHostileElements has values that are not of their element's kind.
func TestHostileElements(t *testing.T) {
	for _, e := range []element{
		raw(499, 6, 4, 4, 1), raw(499, 6, 4, 0, 1, 255, 0, 0, 0), raw(499, 6, 4, 4, 1, 255, 0, 0, 0, 1, 2, 3), raw(316, 1, 2, 3),
		raw(494, 1, 2), raw(483, 1, 2), raw(489, words(1, 2)...), raw(311, 1, 2, 3), raw(154, 1, 2), raw(324, 1), raw(161, 1, 2, 3, 4, 5, 6, 7, 8, 9), raw(351),
		list(488, 486, words(1, 2, 3)), list(491, 489, words(1)), list(496, 494, words(1)), raw(294, 200), num(160, 8, math.MaxUint64), num(162, 8, math.MaxUint64),
	} {
		decodeRecord(t, newRig(t, Config{}, 8), ipfix, []element{num(152, 8, math.MaxUint64), e, num(1, 1, 1)})
	}
	var many []element
	for i := range 2 * maxList {
		many = append(many, num(483, 4, uint64(i)), raw(494, netip.IPv6Loopback().AsSlice()...))
	}
	got := decodeRecord(t, newRig(t, Config{}, 8), ipfix, many)
	require.Len(t, strings.Fields(got["bgp_communities"].(string)), maxList)
	require.Len(t, strings.Fields(got["ipv6_routing_header_addresses"].(string)), maxList)
}
