package asn_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/asn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ranges = "testdata/ip2asn.tsv"

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "table")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// between is a flow from one address to another.
func between(src, dst string) (fl flow.Flow) {
	fl.SetSrcAddr(flow.MustParseAddr(src))
	fl.SetDstAddr(flow.MustParseAddr(dst))
	return fl
}

// lines are the flows behind a transform, in JSON.
func lines(t *testing.T, tr pipeline.Transform, flows ...flow.Flow) (string, pipeline.StageStats) {
	t.Helper()
	var out bytes.Buffer
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(tr).To(sink.JSON(&out)))
	s, _ := stats.Stage("asn")
	return out.String(), s
}

func TestIPtoASN(t *testing.T) {
	got, s := lines(t, asn.Lookup(asn.IPtoASN(ranges)), between("1.0.0.7", "1.0.2.7"), between("1.0.6.255", "2001:db8:7::1"), between("1.0.7.0", "::1"))
	require.Equal(t, `{"src_addr":"1.0.0.7","dst_addr":"1.0.2.7","src_as":64496,"src_as_name":"EXAMPLE-A - Example Networks"}
{"src_addr":"1.0.6.255","dst_addr":"2001:db8:7::1","src_as":64497,"dst_as":64498,"src_as_name":"EXAMPLE-B","dst_as_name":"EXAMPLE-C"}
{"src_addr":"1.0.7.0","dst_addr":"::1"}
`, got)
	require.EqualValues(t, 3, s.Counters["found"])
	require.EqualValues(t, 3, s.Counters["not_found"])
}

func TestList(t *testing.T) {
	list := file(t, "192.0.2.0/24,AS64496,Example Ltd\n192.0.2.128/25,64497\n")
	got, _ := lines(t, asn.Lookup(asn.List(list)), between("192.0.2.1", "192.0.2.129"))
	require.Equal(t, `{"src_addr":"192.0.2.1","dst_addr":"192.0.2.129","src_as":64496,"dst_as":64497,"src_as_name":"Example Ltd"}
`, got)
}

// TestMRT has a dump of one route: 192.0.2.0/24 by 64500 64496.
func TestMRT(t *testing.T) {
	dump := "\x68\x4e\xe1\x80\x00\x0d\x00\x01\x00\x00\x00\x15" +
		"\xc0\x00\x02\x01\x00\x00\x00\x01" + "\x02\xc0\x00\x02\x00\xc0\x00\x02\x00\x00\x00\xfb\xf4" +
		"\x68\x4e\xe1\x80\x00\x0d\x00\x02\x00\x00\x00\x1f" +
		"\x00\x00\x00\x07\x18\xc0\x00\x02\x00\x01" + "\x00\x00\x68\x4e\xe1\x80\x00\x0d" +
		"\x40\x02\x0a\x02\x02\x00\x00\xfb\xf4\x00\x00\xfb\xf0"
	got, _ := lines(t, asn.Lookup(asn.MRT(file(t, dump))), between("192.0.2.1", "198.51.100.1"))
	require.Equal(t, `{"src_addr":"192.0.2.1","dst_addr":"198.51.100.1","src_as":64496}
`, got)
}

func TestTheFlowsOwnAS(t *testing.T) {
	fl := between("1.0.0.7", "1.0.4.7")
	fl.SetSrcAS(65000)
	fl.SetDstAS(64497)
	got, _ := lines(t, asn.Lookup(asn.IPtoASN(ranges)), fl)
	require.Equal(t, `{"src_addr":"1.0.0.7","dst_addr":"1.0.4.7","src_as":65000,"dst_as":64497,"dst_as_name":"EXAMPLE-B"}
`, got, "a name would be that of another AS")
	got, _ = lines(t, asn.Lookup(asn.IPtoASN(ranges), asn.Replace()), fl)
	require.Equal(t, `{"src_addr":"1.0.0.7","dst_addr":"1.0.4.7","src_as":64496,"dst_as":64497,"src_as_name":"EXAMPLE-A - Example Networks","dst_as_name":"EXAMPLE-B"}
`, got)
}

func TestMistakes(t *testing.T) {
	for _, tr := range []pipeline.Transform{asn.Lookup(asn.Table{}), asn.Lookup(asn.List("")), asn.Lookup(asn.List("list"), asn.Reload(-1))} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(tr).To(sink.Discard()).Build()
		require.ErrorContains(t, err, "asn: ")
	}
	bad := file(t, "192.0.2.0/24\tx\ty\n")
	for want, table := range map[string]asn.Table{
		`line 1, column 1: "192.0.2.0/24\tx\ty" is no prefix`: asn.List(bad),
		`line 1, column 1: "192.0.2.0/24" is no address`:      asn.IPtoASN(bad),
		`MRT: record at byte 0`:                               asn.MRT(bad),
	} {
		_, err := pipelinetest.RunError(t, pipeline.From(pipelinetest.Flows()).Through(asn.Lookup(table)).To(sink.Discard()))
		require.ErrorContains(t, err, bad+": "+want)
	}
}

func TestATableThatChanges(t *testing.T) {
	path := file(t, "10.0.0.0/8,1\n")
	changed := false
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	again := pipeline.SourceFunc(func(ctx context.Context, b *flow.Batch) error {
		*b.Next() = between("10.0.0.1", "192.0.2.1")
		time.Sleep(time.Millisecond)
		return ctx.Err()
	})
	watch := sink.Func("watch", func(b *flow.Batch) error {
		for fl := range b.All() {
			switch {
			case !changed:
				require.EqualValues(t, 1, fl.SrcAS)
				require.NoError(t, os.WriteFile(path+".next", []byte("10.0.0.0/8,2\n"), 0o600))
				require.NoError(t, os.Rename(path+".next", path))
				changed = true
			case fl.SrcAS == 2:
				cancel()
			}
		}
		return nil
	})
	require.NoError(t, pipeline.From(again).Through(asn.Lookup(asn.List(path), asn.Reload(time.Millisecond))).To(watch).Run(ctx))
	require.True(t, changed)
}

func TestConformance(t *testing.T) {
	list := file(t, "0.0.0.0/1,1,low\n128.0.0.0/1,2,high\n::/0,3,six")
	pipelinetest.TestTransform(t, func() pipeline.Transform { return asn.Lookup(asn.List(list), asn.Replace()) })
}
