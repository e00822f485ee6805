package sflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/capture"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// corpus is where real captures lie beside the project, if they do.
const corpus = "../../../shared/corpus"

// payloads returns the sFlow datagrams of a file: of a capture what goes to the
// port of sFlow, else the file itself.
func payloads(t testing.TB, path string) [][]byte {
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	if ext := filepath.Ext(path); ext != ".pcap" && ext != ".pcapng" {
		return [][]byte{whole}
	}
	const port = 6343
	var out [][]byte
	r := capture.NewReader(bytes.NewReader(whole))
	for {
		var rec capture.Record
		if err := r.Next(&rec); err != nil {
			var bad *capture.FormatError
			require.True(t, err == io.EOF || errors.As(err, &bad), "%s: %v", path, err)
			return out
		}
		var p packet.Packet
		if packet.Parse(packet.LinkType(rec.LinkType), rec.Data, rec.WireLen, &p) != packet.Accepted || p.Has&packet.HasPorts == 0 || p.DstPort != port {
			continue
		}
		if end := min(int(p.HeaderLen+p.PayloadLen), len(rec.Data)); int(p.HeaderLen) < end {
			out = append(out, bytes.Clone(rec.Data[p.HeaderLen:end]))
		}
	}
}

// cases returns the files of the corpus that are sFlow.
func cases(t testing.TB) map[string][]string {
	list, err := os.ReadFile(filepath.Join(corpus, "cases.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	out := map[string][]string{}
	for line := range bytes.Lines(list) {
		var c struct {
			Name  string
			Files []string
		}
		require.NoError(t, json.Unmarshal(line, &c))
		if strings.Contains(strings.ToLower(c.Name), "sflow") {
			out[c.Name] = c.Files
		}
	}
	return out
}

// published is what is known of the captures: flows, discarded packets among
// them, and counter samples.
var published = map[string][3]uint64{
	"cistern-sflow:counter_sample.dump":                               {0, 0, 1},
	"cistern-sflow:flow_sample.dump":                                  {1, 0, 0},
	"cistern-sflow:flow_sample_3.dump":                                {3, 0, 0},
	"cistern-sflow:flow_samples_2.dump":                               {2, 0, 0},
	"goflow2:sflow_TestExpandedSFlowDecode_data_1_sflow5":             {5, 0, 0},
	"goflow2:sflow_TestSFlowDecodeDropEgressQueue_data_1_sflow5":      {1, 1, 0},
	"goflow2:sflow_TestSFlowDecodeDropExtendedACL_data_1_sflow5":      {1, 1, 0},
	"goflow2:sflow_TestSFlowDecodeDropExtendedFunction_data_1_sflow5": {1, 1, 0},
	"goflow2:sflow_TestSFlowDecode_data_1_sflow5":                     {1, 0, 0},
	"gopacket:sflow_global_SFlowTestPacket3_1_sflow5":                 {0, 0, 1},
	"gopacket:sflow_global_SFlowTestPacket4_2_sflow5":                 {1, 0, 0},
	"gopacket:sflow_global_SFlowTestPacket5_3_sflow5":                 {1, 0, 0},
	"gopacket:sflow_global_SFlowTestPacket6_4_sflow5":                 {1, 0, 0},
	"gopacket:sflow_global_SFlowTestPacket7_5_sflow5":                 {1, 0, 0},
	"gopacket:sflow_global_SFlowTestPacket8_6_sflow5":                 {1, 0, 0},
	"tcpdump:sflow_expanded.pcap":                                     {1, 0, 0},
	"tcpdump:sflow_multiple_counter_30_pdus.pcap":                     {0, 0, 144},
	"telegraf:oldsflow_decoder_BenchmarkDecodeIPv4SW_hex_1_sflow5":    {2, 0, 0},
	"telegraf:oldsflow_decoder_TestExpandFlow_hex_1_sflow5":           {3, 0, 0},
	"telegraf:oldsflow_decoder_TestFlowExpandCounter_hex_1_sflow5":    {0, 0, 2},
	"telegraf:oldsflow_sflow_BenchmarkSFlow_hex_1_sflow5":             {2, 0, 0},
	"telegraf:oldsflow_sflow_TestSFlow_hex_1_sflow5":                  {2, 0, 0},
	"telegraf:sflow_issue_15375":                                      {1, 1, 0},
	"telegraf:sflow_issue_18876":                                      {0, 0, 1},
	"telegraf:sflow_v5_example":                                       {0, 0, 1},
	"vflow:sflow_global_TestsFlowRawPacket_1_sflow5":                  {5, 0, 0},
}

func TestCorpus(t *testing.T) {
	for name, files := range cases(t) {
		t.Run(name, func(t *testing.T) {
			h := newHarness(Config{Counters: true}, 512)
			dropped := uint64(0)
			for _, file := range files {
				for _, p := range payloads(t, filepath.Join(corpus, file)) {
					for _, fl := range h.decode(t, p) {
						_, unmarked := fl.Unmarked()
						require.False(t, unmarked)
						require.False(t, fl.Exporter.IsZero())
						if _, ok := h.batch.DropReason(fl); ok {
							dropped++
						}
					}
				}
			}
			c := h.Counts()
			require.Equal(t, published[name], [3]uint64{c.Samples[Flows] + c.Samples[Drops], dropped, c.Samples[Counters]})
			require.Zero(t, c.Refused[BadRecord])
		})
	}
}

// TestCorpusDiscarded compares a discarded packet with its published values.
func TestCorpusDiscarded(t *testing.T) {
	path := filepath.Join(corpus, "telegraf/testcases/sflow_issue_15375/sflow_drop_1036.bin")
	if _, err := os.Stat(path); err != nil {
		t.Log("no captures here")
		return
	}
	h := newHarness(Config{}, 8)
	fl := h.decode(t, payloads(t, path)[0])[0]
	reason, _ := h.batch.DropReason(fl)
	require.Equal(t, addr("192.168.119.184"), fl.Exporter)
	require.Equal(t, []uint32{100000, 3, 1, 2, 1}, []uint32{fl.ObservationDomain, fl.SequenceNum, fl.InIf, fl.OutIf, uint32(reason)})
	require.Equal(t, uint8(droppedUnroutable), fl.ForwardingStatus)
}

// TestCorpusCounters compares counters with their published values.
func TestCorpusCounters(t *testing.T) {
	path := filepath.Join(corpus, "telegraf/testcases/sflow_v5_example/sflow_v5.bin")
	if _, err := os.Stat(path); err != nil {
		t.Log("no captures here")
		return
	}
	h := newHarness(Config{Counters: true}, 8)
	records := h.decode(t, payloads(t, path)[0])
	require.Len(t, records, 1)
	fl := records[0]
	require.Equal(t, addr("192.168.119.184"), fl.Exporter)
	require.Equal(t, map[flow.Field]uint64{
		flow.FieldIfIndex: 3, flow.FieldIfType: 6, flow.FieldIfSpeed: 1_000_000_000, flow.FieldIfDuplex: flow.IfDuplexFull,
		flow.FieldIfAdminStatus: flow.IfStatusUp, flow.FieldIfOperStatus: flow.IfStatusUp,
		flow.FieldIfInOctets: 3910, flow.FieldIfInUcastPkts: 28, flow.FieldIfInDiscards: 0, flow.FieldIfInErrors: 0,
		flow.FieldIfOutOctets: 3946, flow.FieldIfOutUcastPkts: 29, flow.FieldIfOutDiscards: 0, flow.FieldIfOutErrors: 0,
	}, countersOf(h.batch, fl))
	name, _ := h.batch.IfName(fl)
	require.Equal(t, "eno1", string(name))
}

// TestEveryCapture decodes what goes to the port of sFlow in all captures, and
// whatever else lies there as if it were sFlow.
func TestEveryCapture(t *testing.T) {
	h := newHarness(Config{Counters: true}, 1024)
	datagrams := 0
	visit := func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".bin", ".dump", ".dat", ".pcap", ".pcapng":
		default:
			return nil
		}
		for _, p := range payloads(t, path) {
			datagrams++
			h = &harness{h.Decoder, newHarness(Config{}, 1024).batch}
			h.decode(t, p)
		}
		return nil
	}
	for _, dir := range []string{"cistern-sflow", "goflow2", "gopacket", "logstash-codec-netflow", "netobserv", "tcpdump", "telegraf", "vflow"} {
		if root := filepath.Join(corpus, dir); exists(root) {
			require.NoError(t, filepath.WalkDir(root, visit))
		}
	}
	require.Equal(t, uint64(datagrams), h.Counts().Datagrams)
	t.Logf("%d datagrams: %+v", datagrams, h.Counts())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
