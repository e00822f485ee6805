package pcap_test

import (
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/capture"
	"github.com/flowpipeline/pipeline/internal/packet"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// way is one direction of a conversation, as ipfixprobe tells flows apart:
// without ICMP type and code, type of service or VLAN.
type way struct {
	src, dst     string
	sport, dport uint16
	proto        uint8
}

// sums is what all flows of a way have together.
type sums struct {
	packets, bytes uint64
	first, last    int64 // microseconds since the epoch
	flags          uint16
}

func (s sums) with(o sums) sums {
	if s.packets == 0 {
		return o
	}
	if o.packets == 0 {
		return s
	}
	return sums{s.packets + o.packets, s.bytes + o.bytes, min(s.first, o.first), max(s.last, o.last), s.flags | o.flags}
}

// published reads an ipfixprobe CSV. Its flows have two directions and one pair
// of times, so the times are kept for the conversation, by its forward way.
func published(t *testing.T, path string) (ways map[way]sums, talks map[way]sums) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	ways, talks = map[way]sums{}, map[way]sums{}
	r := csv.NewReader(f)
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	rows, err := r.ReadAll()
	require.NoError(t, err)
	// The rows are sorted, so the one that names the columns is anywhere.
	column := map[string]int{}
	for _, row := range rows {
		if strings.HasPrefix(row[0], "ipaddr ") {
			for i, title := range row {
				column[title[strings.LastIndexByte(title, ' ')+1:]] = i
			}
		}
	}
	for _, row := range rows {
		if strings.HasPrefix(row[0], "ipaddr ") {
			continue
		}
		num := func(name string) uint64 {
			n, err := strconv.ParseUint(row[column[name]], 10, 64)
			require.NoError(t, err, "%s of %v", name, row)
			return n
		}
		at := func(name string) int64 {
			tm, err := time.Parse("2006-01-02T15:04:05.000000", row[column[name]])
			require.NoError(t, err, row)
			return tm.UnixMicro()
		}
		first, last := at("TIME_FIRST"), at("TIME_LAST")
		w := way{row[column["SRC_IP"]], row[column["DST_IP"]], uint16(num("SRC_PORT")), uint16(num("DST_PORT")), uint8(num("PROTOCOL"))}
		there := sums{num("PACKETS"), num("BYTES"), first, last, uint16(num("TCP_FLAGS"))}
		back := sums{num("PACKETS_REV"), num("BYTES_REV"), first, last, uint16(num("TCP_FLAGS_REV"))}
		ways[w], ways[w.back()] = ways[w].with(there), ways[w.back()].with(back)
		talks[w.talk()] = talks[w.talk()].with(there).with(back)
	}
	return ways, talks
}

func (w way) back() way { return way{w.dst, w.src, w.dport, w.sport, w.proto} }

// talk is the same for both ways.
func (w way) talk() way {
	if b := w.back(); b.src < w.src || b.src == w.src && b.sport < w.sport {
		return b
	}
	return w
}

// layer2 adds up, by way, the bytes of the frames around the IP packets: the one
// thing in which Bytes differ, since ipfixprobe counts from the IP header on.
func layer2(t *testing.T, path string) map[way]uint64 {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	around := map[way]uint64{}
	r := capture.NewReader(f)
	var rec capture.Record
	var p packet.Packet
	for {
		err := r.Next(&rec)
		if err == io.EOF {
			return around
		}
		require.NoError(t, err)
		if packet.Parse(packet.LinkType(rec.LinkType), rec.Data, rec.WireLen, &p) == packet.Accepted {
			w := way{text(p.Src), text(p.Dst), p.SrcPort, p.DstPort, p.Proto}
			around[w] += uint64(p.WireLen) - uint64(p.IPLen)
		}
	}
}

// text is an address of a packet, which always has one.
func text(a flow.Addr) string {
	if a.IsZero() {
		return "::"
	}
	return a.String()
}

func ours(t *testing.T, path string) (ways map[way]sums, talks map[way]sums) {
	ways, talks = map[way]sums{}, map[way]sums{}
	add := sink.Each("add", func(fl *flow.Flow) error {
		w := way{text(fl.SrcAddr), text(fl.DstAddr), fl.SrcPort, fl.DstPort, fl.Proto}
		s := sums{fl.Packets, fl.Bytes, fl.TimeStart / 1000, fl.TimeEnd / 1000, fl.TCPFlags & 0xff}
		ways[w] = ways[w].with(s)
		talks[w.talk()] = talks[w.talk()].with(s)
		return nil
	})
	plan := pipeline.From(pcap.File(path, pcap.Active(5*time.Minute), pcap.Inactive(30*time.Second))).To(add)
	require.NoError(t, plan.Run(t.Context()))
	return ways, talks
}

// plugins whose output is not one row for each flow.
var (
	// omits leave out flows that the plugin has nothing to say about, such as
	// those of one packet.
	omits = map[string]string{
		"bstats":      "flows without a burst",
		"ovpn":        "flows that are too short to judge",
		"smtp":        "flows without SMTP",
		"ssadetector": "flows that are too short to judge",
		"nettisa":     "flows of one packet",
	}
	// repeats write a flow again for each message in it.
	repeats = map[string]string{
		"netbios":    "a row for each name",
		"passivedns": "a row for each answer, none without one",
	}
)

// TestAgainstIpfixprobe compares with the flows that ipfixprobe's own tests
// expect: packets, bytes, TCP flags and times of every address pair, ports and
// protocol. Bytes differ by the frames around the IP packets, exactly.
func TestAgainstIpfixprobe(t *testing.T) {
	dir := filepath.Join(corpus, "ipfixprobe/tests/functional")
	list, err := os.ReadFile(filepath.Join(dir, "CMakeLists.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("no captures beside the project to compare with")
		return
	}
	require.NoError(t, err)
	compared := 0
	for line := range strings.Lines(string(list)) {
		words := strings.Fields(strings.Trim(strings.TrimSpace(line), ")"))
		if len(words) != 3 || !strings.HasPrefix(words[0], "add_process_plugin_test(") {
			continue
		}
		plugin, in, out := words[1], filepath.Join(dir, "inputs", words[2]), filepath.Join(dir, "outputs", words[1])
		if !exists(in) || !exists(out) {
			continue
		}
		compared++
		t.Run(plugin, func(t *testing.T) { compare(t, plugin, in, out) })
	}
	require.GreaterOrEqual(t, compared, 15)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func compare(t *testing.T, plugin, in, out string) {
	want, wantTalks := published(t, out)
	got, gotTalks := ours(t, in)
	around := layer2(t, in)
	for w, g := range got {
		g.bytes -= around[w]
		s, known := want[w]
		switch {
		case omits[plugin] != "":
			require.LessOrEqual(t, s.packets, g.packets, "%v", w)
			require.LessOrEqual(t, s.bytes, g.bytes, "%v", w)
		case repeats[plugin] != "":
			require.Zero(t, s.packets%g.packets, "%v", w)
			require.Equal(t, g.bytes*s.packets, s.bytes*g.packets, "%v", w)
		default:
			require.True(t, known, "ipfixprobe has no flow %v", w)
			require.Equal(t, [3]uint64{s.packets, s.bytes, uint64(s.flags)}, [3]uint64{g.packets, g.bytes, uint64(g.flags)}, "%v", w)
		}
	}
	for w, s := range want {
		require.True(t, s.packets == 0 || got[w].packets > 0, "no flow %v", w)
	}
	for w, s := range wantTalks {
		g := gotTalks[w]
		if omits[plugin] == "" {
			require.Equal(t, [2]int64{s.first, s.last}, [2]int64{g.first, g.last}, "%v", w)
		}
	}
}
