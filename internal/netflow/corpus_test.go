package netflow

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// deviations are the cases in which the flows of the index are not ours.
var deviations = map[string]struct {
	flows int
	why   string
}{
	"logstash-codec-netflow:Netflow 5 valid 01":                                             {2, "the header's count is 2, what follows is no record"},
	"graylog-netflow:netflow-v5-1.dat":                                                      {2, "the header's count is 2, what follows is no record"},
	"logstash-codec-netflow:Netflow 5 invalid 01":                                           {0, "the header's count is more than fits"},
	"logstash-codec-netflow:Netflow 9 invalid 01":                                           {2, "the bad set costs only itself"},
	"logstash-codec-netflow:Netflow 9 options template with scope fields":                   {0, "the index counts the case with data"},
	"logstash-codec-netflow:IPFIX Netscaler with variable length fields, missing templates": {0, "the index counts the case with templates"},
	"graylog-netflow:netflow9.pcap":                                                         {21, "all records of the capture, see TestPeer"},
	"fluent-plugin-netflow:v9as2":                                                           {0, "the template is of another source id"},
	"vflow:ipfix_init_multiMessage_3_ipfix":                                                 {2, "whole records before the bad set"},
	"netflow_parser:it_doesnt_allow_v7":                                                     {1, "v7 is read"},
	"netflow_parser:it_parses_v7":                                                           {1, "v7 is read"},
	"netflow_parser:it_parses_v7_and_re_exports":                                            {1, "v7 is read"},
	"netflow_parser:it_parses_multiple_packets":                                             {5, "v7 is read"},
	"netflow_parser:it_parses_ipfix_with_v9_options_template_packet":                        {1, "the bad set costs only itself"},
	"netflow_parser:v9_example_from_integration_test":                                       {2, "the bad set costs only itself"},
	"netflow_parser:v9_example_from_integration_test_2":                                     {1, "the bad template costs only itself"},
}

type corpusCase struct {
	Name  string
	Files []string
}

// indexRow is what the index says of a file.
type indexRow struct {
	protocol string
	records  int
	files    int // that the records are of
}

func readIndex(t *testing.T) map[string]indexRow {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(corpus, "INDEX.md"))
	require.NoError(t, err)
	records := regexp.MustCompile(`^(\d+) \(\+\d+ opt\)(?: in case of (\d+) files)?`)
	rows := map[string]indexRow{}
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 9 {
			continue
		}
		m := records.FindStringSubmatch(strings.TrimSpace(cells[8]))
		if m == nil {
			continue
		}
		row := indexRow{protocol: strings.TrimSpace(cells[6]), files: 1}
		row.records, _ = strconv.Atoi(m[1])
		if m[2] != "" {
			row.files, _ = strconv.Atoi(m[2])
		}
		rows[strings.TrimSpace(cells[1])] = row
	}
	return rows
}

func readCases(t *testing.T) (cases []corpusCase) {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, "cases.jsonl"))
	if os.IsNotExist(err) {
		t.Log("no corpus beside the project")
		return nil
	}
	require.NoError(t, err)
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var c corpusCase
		require.NoError(t, json.Unmarshal(sc.Bytes(), &c))
		cases = append(cases, c)
	}
	return cases
}

// TestCorpusCounts decodes every case of the corpus, in batches of one and of
// many, and compares the number of flows with the index.
func TestCorpusCounts(t *testing.T) {
	cases := readCases(t)
	if cases == nil {
		return
	}
	index := readIndex(t)
	checked := 0
	for _, c := range cases {
		want, ours := 0, false
		for _, f := range c.Files {
			row := index[f]
			ours = ours || strings.Contains(row.protocol, "nf") || strings.Contains(row.protocol, "ipfix")
			if row.files > 1 {
				want = row.records
			} else {
				want += row.records
			}
		}
		if !ours {
			continue
		}
		if d, ok := deviations[c.Name]; ok {
			want = d.flows
		}
		checked++
		for _, size := range []int{1, 7, 512} {
			r := newRig(t, Config{}, size)
			got := 0
			for _, f := range c.Files {
				got += len(r.flows(load(t, filepath.Join(corpus, f))...))
			}
			if got != want {
				t.Errorf("%s: %d flows, not %d; %v %s", c.Name, got, want, r.dec.Latest(), nonzero(r.dec))
				break
			}
		}
	}
	t.Logf("%d cases", checked)
}

func nonzero(d *Decoder) string {
	var all []string
	for r, n := range d.Counters() {
		if n > 0 {
			all = append(all, Reason(r).String()+"="+strconv.FormatUint(n, 10))
		}
	}
	return strings.Join(all, " ")
}
