package netflow

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// eventNames are elements as the published events name them, beside those of
// publishedNames.
var eventNames = map[string]flow.Field{
	"ipv4_src_addr": flow.FieldSrcAddr, "ipv4_dst_addr": flow.FieldDstAddr, "ipv4_next_hop": flow.FieldNextHop,
	"bgp_ipv4_next_hop": flow.FieldBGPNextHop, "input_snmp": flow.FieldInIf, "output_snmp": flow.FieldOutIf,
	"in_pkts": flow.FieldPackets, "in_bytes": flow.FieldBytes, "out_pkts": flow.FieldPacketsOut, "out_bytes": flow.FieldBytesOut,
	"l4_src_port": flow.FieldSrcPort, "l4_dst_port": flow.FieldDstPort, "tcp_flags": flow.FieldTCPFlags, "protocol": flow.FieldProto,
	"src_tos": flow.FieldTOS, "src_as": flow.FieldSrcAS, "dst_as": flow.FieldDstAS, "src_mask": flow.FieldSrcPrefixLen, "dst_mask": flow.FieldDstPrefixLen,
	"direction": flow.FieldDirection, "icmp_type": flow.FieldICMPType, "icmp_code": flow.FieldICMPCode, "src_vlan": flow.FieldSrcVLAN,
	"flow_seq_num": flow.FieldSequenceNum, "in_src_mac": flow.FieldSrcMAC, "in_dst_mac": flow.FieldDstMAC, "fw_event": flow.FieldFirewallEvent,
	"xlate_src_addr_ipv4": flow.FieldNATSrcAddr, "xlate_dst_addr_ipv4": flow.FieldNATDstAddr, "xlate_src_port": flow.FieldNATSrcPort, "xlate_dst_port": flow.FieldNATDstPort,
	"flow_sampler_id": flow.FieldSamplerID, "layer2SegmentId": flow.FieldTunnelID, "flowId": flow.FieldFlowID,
	"protocolIdentifier": flow.FieldProto, "tcpControlBits": flow.FieldTCPFlags, "octetTotalCount": flow.FieldBytesTotal, "packetTotalCount": flow.FieldPacketsTotal,
	"postNATSourceIPv4Address": flow.FieldNATSrcAddr, "postNATDestinationIPv4Address": flow.FieldNATDstAddr, "firewallEvent": flow.FieldFirewallEvent,
	"flowEndReason": flow.FieldEndReason, "flowStartSeconds": flow.FieldTimeStart, "flowEndSeconds": flow.FieldTimeEnd,
}

// eventDeviations are events with a value that is not ours, by case and element,
// and why.
var eventDeviations = map[string]string{}

// TestPublishedEvents looks for every published event that is a flow among our
// flows, with all fields that the event names.
func TestPublishedEvents(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(corpus, "logstash-codec-netflow/expected/shared-expected.json"))
	if err != nil {
		t.Log("no corpus beside the project")
		return
	}
	var cases map[string]struct {
		Files  []string
		Events []struct{ Netflow map[string]any }
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	require.NoError(t, d.Decode(&cases))
	events, fields := 0, 0
	for name, c := range cases {
		r := newRig(t, Config{}, 100)
		var grams []datagram
		for _, f := range c.Files {
			grams = append(grams, load(t, filepath.Join(corpus, "logstash-codec-netflow/spec/codecs", f))...)
		}
		misses := map[int][]string{} // by event: of the flow that has fewest
		r.feed(func(b *flow.Batch, fl *flow.Flow) {
			for i, e := range c.Events {
				miss := missing(name, e.Netflow, b, fl)
				if old, ok := misses[i]; !ok || len(miss) < len(old) {
					misses[i] = miss
				}
			}
		}, grams...)
		for i, e := range c.Events {
			n := known(e.Netflow)
			if n < 4 {
				continue // options data
			}
			if miss, ok := misses[i]; !ok || len(miss) > 0 {
				t.Errorf("%s: event %d: %v", name, i, miss)
			}
			events++
			fields += n
		}
	}
	t.Logf("%d events, %d fields", events, fields)
}

func eventField(name string) flow.Field {
	if f, ok := eventNames[name]; ok {
		return f
	}
	return publishedNames[name]
}

// known counts the elements of an event that fill fields.
func known(event map[string]any) (n int) {
	for name := range event {
		if f := eventField(name); f != 0 && f != flow.FieldSequenceNum {
			n++
		}
	}
	return n
}

// missing returns what of an event a flow does not have.
func missing(where string, event map[string]any, b *flow.Batch, fl *flow.Flow) (miss []string) {
	for name, v := range event {
		f := eventField(name)
		if f == 0 || eventDeviations[where+": "+name] != "" || v == "::" || v == "0.0.0.0" {
			continue
		}
		got, want := fieldText(b, fl, f), valueText(v, f)
		if f.Info().Kind == flow.KindMAC {
			m, err := flow.ParseMAC(want)
			want = fmt.Sprint(m.Uint64())
			if err != nil {
				want = "malformed"
			}
		}
		if got != want {
			miss = append(miss, fmt.Sprintf("%s is %s, published %s", name, got, want))
		}
	}
	return miss
}
