package sink_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const second = int64(time.Second)

func web() flow.Flow {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	fl.SetDstAddr(flow.MustParseAddr("198.51.100.7"))
	fl.SetSrcPort(50000)
	fl.SetDstPort(443)
	fl.SetProto(flow.ProtoTCP)
	fl.SetTCPFlags(0x12)
	fl.SetBytes(12500)
	fl.SetPackets(20)
	fl.SetTimeStart(1000 * second)
	fl.SetTimeEnd(1010 * second)
	return fl
}

// TestFlowdumpProcesses has flows of sockets of which more and more is known.
func TestFlowdumpProcesses(t *testing.T) {
	const line = "00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, 10s, 10 kbit/s, 2 p/s"
	learn := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		i := 0
		for fl := range b.All() {
			if i > 0 {
				b.SetPID(fl, 1234)
			}
			if i > 1 {
				b.SetProcessName(fl, b.Symbols().Intern("ng\tinx"))
				b.SetRTT(fl, 44000)
			}
			if i > 2 {
				b.SetContainer(fl, "0123456789abcdef0123456789abcdef")
			}
			i++
		}
		return nil
	})
	var out bytes.Buffer
	plan := pipeline.From(source.Flows(web(), web(), web(), web())).Through(learn)
	require.NoError(t, plan.To(sink.Flowdump(&out, sink.Location(time.UTC), sink.Processes())).Run(t.Context()))
	want := []string{line, line + ", by 1234", line + `, by ng'\t'inx/1234, RTT 44µs`, line + `, by ng'\t'inx/1234 in 0123456789ab, RTT 44µs`}
	require.Equal(t, strings.Join(want, "\n")+"\n", out.String())
}

func dump(t *testing.T, fl flow.Flow, opts ...sink.FlowdumpOption) string {
	t.Helper()
	var out bytes.Buffer
	opts = append([]sink.FlowdumpOption{sink.Location(time.UTC)}, opts...)
	require.NoError(t, pipeline.From(source.Flows(fl)).To(sink.Flowdump(&out, opts...)).Run(t.Context()))
	return out.String()
}

func TestFlowdump(t *testing.T) {
	tests := map[string]struct {
		change func(*flow.Flow)
		opts   []sink.FlowdumpOption
		want   string
	}{
		"IPv4": {
			change: func(*flow.Flow) {},
			want:   "00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, 10s, 10 kbit/s, 2 p/s\n",
		},
		"IPv6 from a router": {
			change: func(fl *flow.Flow) {
				fl.SetSrcAddr(flow.MustParseAddr("2001:db8::1"))
				fl.SetDstAddr(flow.MustParseAddr("2001:db8::2"))
				fl.SetInIf(3)
				fl.SetOutIf(4)
				fl.SetForwardingStatus(128)
				fl.SetExporter(flow.MustParseAddr("203.0.113.9"))
			},
			want: "00:16:50: [2001:db8::1]:50000 → [2001:db8::2]:443 [3 → dropped@203.0.113.9 → 4], TCP, 10s, 10 kbit/s, 2 p/s\n",
		},
		"ICMP in fields of its own": {
			change: func(fl *flow.Flow) {
				fl.SetProto(flow.ProtoICMP)
				fl.SetICMPType(3)
				fl.SetICMPCode(1)
			},
			want: "00:16:50: 192.0.2.1 → 198.51.100.7 3/1, ICMP, 10s, 10 kbit/s, 2 p/s\n",
		},
		"ICMP in the port": {
			change: func(fl *flow.Flow) {
				fl.SetProto(flow.ProtoICMP)
				fl.SetDstPort(3<<8 | 4)
			},
			want: "00:16:50: 192.0.2.1 → 198.51.100.7 3/4, ICMP, 10s, 10 kbit/s, 2 p/s\n",
		},
		"no duration": {
			change: func(fl *flow.Flow) { fl.SetTimeStart(fl.TimeEnd) },
			want:   "00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, 0ns, – bit/s, – p/s\n",
		},
		"highlight": {
			change: func(*flow.Flow) {},
			opts:   []sink.FlowdumpOption{sink.Highlight(), sink.Color(sink.ColorAlways)},
			want:   "\x1b[1;31m! 00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, 10s, 10 kbit/s, 2 p/s\x1b[0m\n",
		},
		"verbose": {
			change: func(*flow.Flow) {},
			opts:   []sink.FlowdumpOption{sink.Verbose()},
			want:   "00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, 10s, 10 kbit/s, 2 p/s, packets 20, bytes 12500, tcp_flags SA\n",
		},
		"validated": {
			change: func(fl *flow.Flow) {
				fl.SetSrcRPKI(flow.RPKIValid)
				fl.SetDstPrefixLen(25)
				fl.SetDstRPKI(flow.RPKIInvalid)
			},
			opts: []sink.FlowdumpOption{sink.Verbose()},
			want: "00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, 10s, 10 kbit/s, 2 p/s, packets 20, bytes 12500, tcp_flags SA, dst_net 25, src_rpki valid, dst_rpki invalid\n",
		},
		"the unspecified address": {
			change: func(fl *flow.Flow) { fl.SetSrcAddr(flow.Addr{}) },
			want:   "00:16:50: [::]:50000 → 198.51.100.7:443, TCP, 10s, 10 kbit/s, 2 p/s\n",
		},
		"nothing known": {
			change: func(fl *flow.Flow) { *fl = flow.Flow{} },
			want:   "--:--:--: ? → ?, ?, 0ns, – bit/s, – p/s\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fl := web()
			tt.change(&fl)
			require.Equal(t, tt.want, dump(t, fl, tt.opts...))
		})
	}
}

func TestInterfaceNamesCannotSteerATerminal(t *testing.T) {
	table := flow.NewSymbols(0)
	fl := web()
	fl.SetInIfName(table.Intern("eth\x1b[2J\n0"))
	var out bytes.Buffer
	plan := pipeline.From(source.Flows(fl)).To(sink.Flowdump(&out, sink.Location(time.UTC)))
	require.NoError(t, plan.Run(t.Context(), pipeline.WithSymbols(table)))
	require.Contains(t, out.String(), `[eth'\x1b'[2J'\n'0 →]`)
}

func TestFilesRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for name, way := range map[string]struct {
		to   func(string) pipeline.Sink
		from func(string, ...source.Option) pipeline.Source
	}{
		"a.json":      {sink.JSONFile, source.JSON},
		"a.json.gz":   {sink.JSONFile, source.JSON},
		"a.json.zst":  {sink.JSONFile, source.JSON},
		"a.proto":     {sink.ProtoFile, source.Proto},
		"a.proto.zst": {sink.ProtoFile, source.Proto},
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, pipeline.From(source.Flows(web(), web())).To(way.to(path)).Run(t.Context()))
		var got []flow.Flow
		keep := sink.Each("keep", func(fl *flow.Flow) error { got = append(got, *fl); return nil })
		require.NoError(t, pipeline.From(way.from(path)).To(keep).Run(t.Context()))
		require.Equal(t, []flow.Flow{web(), web()}, got, name)
	}
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, pipeline.From(source.Flows(web())).To(sink.CSV(&out, "src_addr", "dst_port", "src_as")).Run(t.Context()))
	require.Equal(t, "src_addr,dst_port,src_as\n192.0.2.1,443,\n", strings.ReplaceAll(out.String(), "\r", ""))
	_, err := pipeline.From(source.Flows(web())).To(sink.CSV(&out, "no_such_field")).Build()
	require.ErrorContains(t, err, "no_such_field")
}

func TestGzipIsClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json.gz")
	require.NoError(t, pipeline.From(source.Flows(web())).To(sink.JSONFile(path)).Run(t.Context()))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Contains(t, string(text), `"dst_port":443`)
}

func TestClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	defer w.Close()
	err = pipeline.From(source.Flows(web())).To(sink.Flowdump(w)).Run(t.Context())
	require.ErrorIs(t, err, syscall.EPIPE)
}

func TestEachSaysWhichFailed(t *testing.T) {
	boom := errors.New("boom")
	n := 0
	each := sink.Each("each", func(*flow.Flow) error {
		if n++; n == 2 {
			return boom
		}
		return nil
	})
	pl, err := pipeline.From(source.Flows(web(), web(), web())).To(pipeline.DropFailed(each)).Build()
	require.NoError(t, err)
	require.NoError(t, pl.Run(t.Context()))
	require.Equal(t, uint64(1), pl.Stats().Total().Dropped)
}

func TestDots(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, pipeline.From(source.Flows(web(), web(), web())).To(sink.Dots(&out, 2)).Run(t.Context()))
	require.Equal(t, ".", out.String())
}

func BenchmarkFlowdump(b *testing.B) {
	fl := web()
	src := source.Seq(func(yield func(flow.Flow) bool) {
		for range b.N {
			if !yield(fl) {
				return
			}
		}
	})
	b.ReportAllocs()
	if err := pipeline.From(src).To(sink.Flowdump(io.Discard)).Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// TestFlowdumpOfOtherRecords prints what is no flow.
func TestFlowdumpOfOtherRecords(t *testing.T) {
	exporter := flow.MustParseAddr("203.0.113.9")
	counters := func(change func(*flow.Batch, *flow.Flow)) func(*flow.Batch, *flow.Flow) {
		return func(b *flow.Batch, fl *flow.Flow) {
			*fl = flow.Flow{}
			fl.SetTimeReceived(1000 * 1e9)
			fl.SetRecordType(flow.RecordTypeCounters)
			change(b, fl)
		}
	}
	for name, c := range map[string]struct {
		set  func(*flow.Batch, *flow.Flow)
		want string
	}{
		"counters": {counters(func(b *flow.Batch, fl *flow.Flow) {
			fl.SetExporter(exporter)
			b.SetIfIndex(fl, 3)
			b.SetIfName(fl, "eno1\n")
			b.SetIfSpeed(fl, 1e9)
			b.SetIfOperStatus(fl, flow.IfStatusUp)
			b.SetIfInOctets(fl, 3910)
			b.SetIfInErrors(fl, 0)
			b.SetIfOutUcastPkts(fl, 29)
		}), "00:16:40: interface eno1'\\n' [@203.0.113.9], up, 1 Gbit/s, if_in_octets 3910, if_out_ucast_pkts 29\n"},
		"an index alone": {counters(func(b *flow.Batch, fl *flow.Flow) { b.SetIfIndex(fl, 3) }), "00:16:40: interface 3\n"},
		"nothing":        {counters(func(*flow.Batch, *flow.Flow) {}), "00:16:40: interface ?\n"},
		"dropped packet": {func(b *flow.Batch, fl *flow.Flow) {
			fl.SetRecordType(flow.RecordTypeDrop)
			b.SetDropReason(fl, flow.DropReasonACL)
		}, "00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, dropped: acl\n"},
		"dropped for a new reason": {func(b *flow.Batch, fl *flow.Flow) {
			fl.SetRecordType(flow.RecordTypeDrop)
			b.SetDropReason(fl, 9999)
		}, "00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, dropped: 9999\n"},
		"dropped without one": {func(_ *flow.Batch, fl *flow.Flow) { fl.SetRecordType(flow.RecordTypeDrop) },
			"00:16:50: 192.0.2.1:50000 → 198.51.100.7:443, TCP, dropped\n"},
	} {
		t.Run(name, func(t *testing.T) {
			set := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
				for fl := range b.All() {
					c.set(b, fl)
				}
				return nil
			})
			var out bytes.Buffer
			require.NoError(t, pipeline.From(source.Flows(web())).Through(set).To(sink.Flowdump(&out, sink.Location(time.UTC))).Run(t.Context()))
			require.Equal(t, c.want, out.String())
		})
	}
}

func TestFlowdumpAllocatesNothing(t *testing.T) {
	// One batch and many: what is left is per run, not per flow.
	cost := func(n int) float64 {
		flows := make([]flow.Flow, n)
		for i := range flows {
			flows[i] = web()
		}
		return testing.AllocsPerRun(5, func() {
			if err := pipeline.From(source.Flows(flows...)).To(sink.Flowdump(io.Discard)).Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	require.Less(t, cost(20000)-cost(512), 500.0, "allocations for 19,488 more flows")
}

// TestLanesEncodeAtOnce has several lanes write to one stream: every flow is a line
// of its own, and the header is written once.
func TestLanesEncodeAtOnce(t *testing.T) {
	const flows, lanes = 20_000, 4
	for name, to := range map[string]func(io.Writer) pipeline.Sink{
		"json": sink.JSON,
		"csv":  func(w io.Writer) pipeline.Sink { return sink.CSV(w, "src_addr", "dst_addr", "bytes") },
		"dots": func(w io.Writer) pipeline.Sink { return sink.Dots(w, 7) },
	} {
		write := func(n int) []string {
			var out bytes.Buffer
			from := pipeline.From(source.Generator(source.Count(flows), source.Seed(1)))
			if n > 1 {
				from = from.Repartition(n, flow.FieldSrcAddr)
			}
			require.NoError(t, from.To(to(&out)).Run(t.Context()))
			lines := strings.Split(out.String(), "\n")
			slices.Sort(lines)
			return lines
		}
		require.Equal(t, write(1), write(lanes), name)
	}
}
