package replay_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/capture"
	"github.com/flowpipeline/pipeline/internal/datagram"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/replay"
)

const corpus = "../../../shared/corpus"

// recording is one of all protocols, a tenth of a second apart.
func recording(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	r := datagram.NewRecorder(&out)
	from := netip.MustParseAddrPort("192.0.2.9:3000")
	at := int64(1_700_000_000e9)
	add := func(payload []byte) {
		require.NoError(t, r.Write(&datagram.Datagram{Payload: payload, From: from, Received: at}))
		at += 100e6
	}
	add(export.IPFIXTemplate(0))
	for i := range uint32(5) {
		add(export.IPFIXData(i*20, 20))
		add(export.V5(i*30, 30))
		add(export.SFlow(i))
	}
	require.NoError(t, r.Close())
	return out.Bytes()
}

const flows = 5 * (20 + 30 + 1)

func TestConformance(t *testing.T) {
	p := recording(t)
	pipelinetest.TestSource(t, func() pipeline.Source { return replay.Reader("test", bytes.NewReader(p)) })
}

// TestSFlowOptions are those that a replay has for sFlow.
func TestSFlowOptions(t *testing.T) {
	var recorded bytes.Buffer
	r := datagram.NewRecorder(&recorded)
	require.NoError(t, r.Write(&datagram.Datagram{Payload: export.SFlowAll(0), From: netip.MustParseAddrPort("198.51.100.9:3000"), Received: 1}))
	require.NoError(t, r.Close())
	type record struct {
		kind uint8
		rate uint32
	}
	for name, c := range map[string]struct {
		opts []replay.Option
		want []record
	}{
		"none":     {nil, []record{{flow.RecordTypeFlow, 1000}, {flow.RecordTypeDrop, 1}}},
		"counters": {[]replay.Option{replay.Counters()}, []record{{flow.RecordTypeFlow, 1000}, {flow.RecordTypeDrop, 1}, {flow.RecordTypeCounters, 0}}},
		"rate": {[]replay.Option{replay.SamplingRate(netip.MustParsePrefix("192.0.2.0/24"), 7), replay.SamplingRate(netip.MustParsePrefix("198.51.100.0/24"), 8)},
			[]record{{flow.RecordTypeFlow, 7}, {flow.RecordTypeDrop, 1}}},
	} {
		var got []record
		look := sink.Each("look", func(fl *flow.Flow) error {
			got = append(got, record{fl.RecordType, fl.SamplingRate})
			return nil
		})
		require.NoError(t, pipeline.From(replay.Reader("test", bytes.NewReader(recorded.Bytes()), c.opts...)).To(look).Run(t.Context()))
		require.Equal(t, c.want, got, name)
	}
}

func TestDefaultSamplingRate(t *testing.T) {
	for _, c := range []struct {
		prefix string
		want   uint32
	}{{"192.0.2.0/24", 9}, {"203.0.113.0/24", 7}} {
		rates := map[uint32]int{}
		src := replay.Reader("test", bytes.NewReader(recording(t)),
			replay.DefaultSamplingRate(7), replay.DefaultSamplingRate(9, netip.MustParsePrefix(c.prefix)))
		count := sink.Func("count", func(b *flow.Batch) error {
			for fl := range b.All() {
				rates[fl.SamplingRate]++
			}
			return nil
		})
		require.NoError(t, pipeline.From(src).To(count).Run(t.Context()))
		require.Equal(t, map[uint32]int{c.want: 5 * (20 + 30), 1000: 5}, rates, "sFlow tells its own")
	}
}

func TestSpeed(t *testing.T) {
	p := recording(t)
	output := func(opts ...replay.Option) (string, time.Duration) {
		var out bytes.Buffer
		begin := time.Now()
		require.NoError(t, pipeline.From(replay.Reader("test", bytes.NewReader(p), opts...)).To(sink.JSON(&out)).Run(t.Context()))
		return out.String(), time.Since(begin)
	}
	fast, _ := output()
	require.Equal(t, flows, strings.Count(fast, "\n"))
	slow, took := output(replay.Speed(10))
	require.Equal(t, fast, slow, "the same flows at any speed")
	require.GreaterOrEqual(t, took, 150*time.Millisecond)
}

func TestEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	begin := time.Now()
	require.NoError(t, pipeline.From(replay.Reader("test", bytes.NewReader(recording(t)), replay.Speed(0.001))).To(sink.Discard()).Run(ctx))
	require.Less(t, time.Since(begin), 10*time.Second)
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r")
	p := recording(t)
	require.NoError(t, os.WriteFile(path, p[:len(p)-1], 0o600))
	count := sink.Count()
	err := pipeline.From(replay.File(path)).To(count).Run(t.Context())
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, path+": truncated at byte")
	require.EqualValues(t, flows-1, count.Flows())

	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.ErrorContains(t, pipeline.From(replay.File(path)).To(count).Run(t.Context()), path)
	require.ErrorIs(t, pipeline.From(replay.File("/no/such/file")).To(count).Run(t.Context()), os.ErrNotExist)
}

// TestTornRecording counts what is torn and reads on.
func TestTornRecording(t *testing.T) {
	p := recording(t)
	torn := append(bytes.Clone(p[:len(p)-5]), p...)
	count := sink.Count()
	s := pipelinetest.Run(t, pipeline.From(replay.Reader("test", bytes.NewReader(torn))).To(count))
	require.EqualValues(t, 2*flows-1, count.Flows())
	require.EqualValues(t, 1, s.Stages[0].Counters["torn_places"])
	require.NotZero(t, s.Stages[0].Counters["torn_bytes"])
}

func TestMistakes(t *testing.T) {
	for want, src := range map[string]pipeline.Source{
		"empty":    replay.File(""),
		"nil":      replay.Reader("x", nil),
		"speed":    replay.File("x", replay.Speed(-1)),
		"no field": replay.File("x", replay.Map(0, 1, "nonsense")),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
}

// TestCorpus replays the captures that lie beside the project. Every packet gives a
// datagram or is counted, and every kind of export gives flows.
func TestCorpus(t *testing.T) {
	if _, err := os.Stat(corpus); err != nil {
		t.Log("no captures beside the project to replay")
		return
	}
	captures, with := 0, 0
	require.NoError(t, filepath.WalkDir(corpus, func(path string, _ fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || ext != ".pcap" && ext != ".pcapng" {
			return err
		}
		captures++
		count := sink.Count()
		pl, err := pipeline.From(replay.File(path)).To(count).Build(pipeline.WithPoison())
		require.NoError(t, err)
		if err := pl.Run(t.Context()); err != nil {
			var bad *capture.FormatError
			require.ErrorAs(t, err, &bad)
			t.Log(err)
		}
		require.NoError(t, pl.Stats().Check())
		s := pl.Stats().Stages[0].Counters
		require.LessOrEqual(t, s["datagrams"]+s["refused_packets"]+s["other_packets"], s["packets"], path)
		switch {
		case count.Flows() > 0:
			with++
			require.NotZero(t, s["datagrams"], path)
		case s["datagrams"] > 0:
			told := uint64(0)
			for name, n := range s {
				if name != "packets" && name != "other_packets" && name != "datagrams" && name != "bytes" {
					told += n
				}
			}
			require.NotZero(t, told, path)
			t.Log(filepath.Base(filepath.Dir(path)), filepath.Base(path), "has no flows:", s)
		}
		return nil
	}))
	require.GreaterOrEqual(t, with, 10)
	t.Log(captures, "captures,", with, "with flow exports that give flows")
}
