package netflow

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// publishedNames are the elements as the published values name them.
var publishedNames = map[string]flow.Field{
	"octetDeltaCount": flow.FieldBytes, "packetDeltaCount": flow.FieldPackets,
	"sourceIPv4Address": flow.FieldSrcAddr, "destinationIPv4Address": flow.FieldDstAddr,
	"sourceIPv6Address": flow.FieldSrcAddr, "destinationIPv6Address": flow.FieldDstAddr,
	"sourceTransportPort": flow.FieldSrcPort, "destinationTransportPort": flow.FieldDstPort,
	"ipClassOfService": flow.FieldTOS, "ingressInterface": flow.FieldInIf, "egressInterface": flow.FieldOutIf,
	"flowLabelIPv6": flow.FieldFlowLabel, "bgpSourceAsNumber": flow.FieldSrcAS, "bgpDestinationAsNumber": flow.FieldDstAS,
	"bgpNextHopIPv4Address": flow.FieldBGPNextHop, "bgpNextHopIPv6Address": flow.FieldBGPNextHop,
	"ipNextHopIPv4Address": flow.FieldNextHop, "ipNextHopIPv6Address": flow.FieldNextHop,
	"sourceIPv4PrefixLength": flow.FieldSrcPrefixLen, "destinationIPv4PrefixLength": flow.FieldDstPrefixLen,
	"sourceIPv6PrefixLength": flow.FieldSrcPrefixLen, "destinationIPv6PrefixLength": flow.FieldDstPrefixLen,
	"ingressVRFID": flow.FieldIngressVRF, "egressVRFID": flow.FieldEgressVRF,
	"minimumTTL": flow.FieldMinTTL, "maximumTTL": flow.FieldMaxTTL, "selectorId": flow.FieldSamplerID, "samplerId": flow.FieldSamplerID,
	"ethernetType": flow.FieldEtherType, "dot1qVlanId": flow.FieldVLAN, "dot1qCustomerVlanId": flow.FieldInnerVLAN,
	"dot1qPriority": flow.FieldVLANPriority, "sourceMacAddress": flow.FieldSrcMAC, "destinationMacAddress": flow.FieldDstMAC,
	"vlanId": flow.FieldSrcVLAN, "postVlanId": flow.FieldDstVLAN, "fragmentIdentification": flow.FieldFragmentID,
	"flowStartMilliseconds": flow.FieldTimeStart, "flowEndMilliseconds": flow.FieldTimeEnd,
	"srhTagIPv6": flow.FieldSRv6Tag, "srhSegmentsIPv6Left": flow.FieldSRv6SegmentsLeft, "srhActiveSegmentIPv6": flow.FieldSRv6ActiveSegment,
}

// publishedElsewhere are elements that are checked in their own way, and those
// that fill no field, with the reason.
var publishedElsewhere = map[string]string{
	"flowStartSysUpTime": "checkUptime", "flowEndSysUpTime": "checkUptime",
	"tcpControlBits": "checkFlags", "protocolIdentifier": "checkProto", "flowDirection": "checkDirection",
	"mplsTopLabelStackSection": "checkLabels", "mplsLabelStackSection2": "checkLabels", "mplsLabelStackSection3": "checkLabels",
	"mplsLabelStackSection4": "checkLabels", "mplsLabelStackSection5": "checkLabels", "mplsLabelStackSection6": "checkLabels",
	"forwardingStatus": "the published form names classes only", "flowEndReason": "the published form is a name",
	"icmpTypeCodeIPv4": "checkICMP", "icmpTypeCodeIPv6": "checkICMP",
	"octetDeltaSumOfSquares": "no field", "ipv6ExtensionHeaders": "no field", "ipv6ExtensionHeadersFull": "no field",
	"mplsTopLabelPrefixLength": "no field", "srhFlagsIPv6": "no field", "paddingOctets": "no field", "Huawei": "no field",
	"mplsVpnRouteDistinguisher": "no field", "VRFname": "an option", "samplerName": "no field", "ipVersion": "is the EtherType",
	"mplsTopLabelIPv4Address": "checkMPLSAddr", "mplsTopLabelIPv6Address": "checkMPLSAddr",
	"mplsTopLabelType": "the published form is a name", "systemInitTimeMilliseconds": "checkUptime",
	"srhSegmentIPv6ListSection": "the captures have empty lists only",
}

type publishedRecord = []map[string]any

// published reads the data records of a file of published values.
func published(t *testing.T, path string) (all []publishedRecord) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var m map[string]struct {
			Sets []struct {
				Data struct {
					Records []struct {
						Scope  []any `json:"scope_fields"`
						Fields publishedRecord
					}
				}
			}
		}
		d := json.NewDecoder(strings.NewReader(sc.Text()))
		d.UseNumber()
		require.NoError(t, d.Decode(&m))
		for _, msg := range m {
			for _, s := range msg.Sets {
				for _, r := range s.Data.Records {
					if len(r.Scope) == 0 {
						all = append(all, r.Fields)
					}
				}
			}
		}
	}
	return all
}

// TestPublishedRecords compares every field of the captures with what an
// independent decoder published of them.
func TestPublishedRecords(t *testing.T) {
	root := filepath.Join(corpus, "netgauze")
	if _, err := os.Stat(root); err != nil {
		t.Log("no corpus beside the project")
		return
	}
	records, fields := 0, 0
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "-flow.json") {
			return err
		}
		want := published(t, path)
		r := newRig(t, Config{}, 100)
		n := 0
		r.feed(func(b *flow.Batch, fl *flow.Flow) {
			if n < len(want) {
				fields += checkRecord(t, fmt.Sprintf("%s record %d", path, n), want[n], b, fl)
			}
			n++
		}, load(t, strings.TrimSuffix(path, "-flow.json")+".pcap")...)
		require.Equal(t, len(want), n, path)
		records += n
		return nil
	}))
	t.Logf("%d records, %d fields", records, fields)
}

func checkRecord(t *testing.T, where string, rec publishedRecord, b *flow.Batch, fl *flow.Flow) (checked int) {
	t.Helper()
	counts := map[string]int{}
	for _, f := range rec {
		for name := range f {
			counts[name]++
		}
	}
	layered := counts["sourceTransportPort"] > 1 || counts["protocolIdentifier"] > 1 || counts["ipClassOfService"] > 1
	seen := map[flow.Field]bool{}
	for _, f := range rec {
		for name, v := range f {
			field, ok := publishedNames[name]
			switch {
			case ok && !layered && (v == "::" || v == "0.0.0.0"):
				// The other family's address counts, if there is one.
			case ok:
				if seen[field] {
					second := flow.Field(0)
					if layered {
						second = inner(field)
					}
					if field = second; field == 0 {
						continue // stands in for the first
					}
				}
				seen[field] = true
				if got, want := fieldText(b, fl, field), valueText(v, field); got != want {
					t.Errorf("%s: %s is %s, published %s", where, name, got, want)
				}
				checked++
			case name == "protocolIdentifier" && !seen[flow.FieldProto]:
				seen[flow.FieldProto] = true
				if want := fmt.Sprint(v); protoNamed(want) != 0 && protoNamed(want) != fl.Proto {
					t.Errorf("%s: protocol is %d, published %s", where, fl.Proto, want)
				}
				checked++
			case name == "tcpControlBits" && !seen[flow.FieldTCPFlags]:
				seen[flow.FieldTCPFlags] = true
				bits, set := v.(map[string]any), uint16(0)
				for i, flag := range []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"} {
					if bits[flag] == true {
						set |= 1 << i
					}
				}
				require.Equal(t, set, fl.TCPFlags&0xff, where)
				checked++
			case name == "flowDirection":
				want := map[string]uint8{"ingress": 0, "egress": 1, "map[Unassigned:255]": 255}
				require.Equal(t, want[fmt.Sprint(v)], fl.Direction, where)
				checked++
			case name == "mplsTopLabelStackSection":
				section := v.([]any)
				top, _ := section[0].(json.Number).Int64()
				mid, _ := section[1].(json.Number).Int64()
				low, _ := section[2].(json.Number).Int64()
				labels, ok := b.MPLSLabels(fl)
				if entry := top<<16 | mid<<8 | low; entry == 0 {
					require.False(t, ok, where)
				} else {
					require.EqualValues(t, entry>>4, labels[0], where)
				}
				checked++
			case name == "mplsTopLabelIPv4Address" || name == "mplsTopLabelIPv6Address":
				if a, ok := b.MPLSAddrs(fl); ok {
					if want := fmt.Sprint(v); want != "0.0.0.0" && want != "::" {
						require.Equal(t, want, a[0].String(), where)
					}
				}
				checked++
			default:
				if _, ok := publishedElsewhere[name]; !ok && name != "protocolIdentifier" {
					t.Errorf("%s: %s is not checked", where, name)
				}
			}
		}
	}
	return checked
}

func protoNamed(name string) uint8 {
	return map[string]uint8{"TCP": 6, "UDP": 17, "ICMP": 1, "IPv6ICMP": 58, "IPv6": 41, "IPv4": 4, "GRE": 47, "ESP": 50, "EIGRP": 88, "OSPFIGP": 89, "OSPFIG": 89, "SCTP": 132}[name]
}

// fieldText and valueText put a field and a published value in one form.
func fieldText(b *flow.Batch, fl *flow.Flow, f flow.Field) string {
	switch f.Info().Kind {
	case flow.KindAddr:
		a, ok := b.Addr(fl, f)
		if ok && a.IsZero() {
			return "::"
		}
		return a.String()
	case flow.KindTime:
		n, _ := b.Uint(fl, f)
		return time.Unix(0, int64(n)).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	n, ok := b.Uint(fl, f)
	if !ok {
		return "absent"
	}
	return fmt.Sprint(n)
}

func valueText(v any, f flow.Field) string {
	if mac, ok := v.([]any); ok {
		n := uint64(0)
		for _, b := range mac {
			i, _ := b.(json.Number).Int64()
			n = n<<8 | uint64(i)
		}
		return fmt.Sprint(n)
	}
	s := fmt.Sprint(v)
	if f.Info().Kind == flow.KindAddr {
		// Mapped IPv4 addresses are held as what they stand for.
		s = strings.TrimPrefix(s, "::ffff:")
	}
	if f.Info().Kind == flow.KindTime {
		if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
	}
	return s
}
