package remoteaddress_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/remoteaddress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// remote runs flows through a transform, and returns what it tells of each: "" for
// nothing.
func remote(t *testing.T, tr pipeline.Transform, flows ...flow.Flow) (sides []string, counters map[string]uint64) {
	t.Helper()
	got := pipelinetest.Record()
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(tr).To(got))
	for _, fl := range got.Flows() {
		side := ""
		if fl.Has(flow.FieldRemoteSide) {
			side = flow.EnumText(flow.FieldRemoteSide, uint64(fl.RemoteSide))
		}
		sides = append(sides, side)
	}
	s, _ := stats.Stage("remoteaddress")
	return sides, s.Counters
}

// between is a flow from one address to another, told to be remote at both before.
func between(src, dst string) (fl flow.Flow) {
	fl.SetSrcAddr(flow.MustParseAddr(src))
	fl.SetDstAddr(flow.MustParseAddr(dst))
	fl.SetRemoteSide(flow.SideDst)
	return fl
}

func TestCIDR(t *testing.T) {
	flows := []flow.Flow{
		between("192.0.2.1", "10.0.0.1"), between("10.0.0.1", "2001:db8::1"), between("192.0.2.1", "2001:db8::1"), between("10.0.0.1", "10.0.0.2"), between("", ""),
	}
	prefixes := remoteaddress.Prefixes(netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32"))
	sides, counters := remote(t, remoteaddress.CIDR(prefixes), flows...)
	require.Equal(t, []string{"src", "dst", "src", "", ""}, sides)
	require.Equal(t, map[string]uint64{"src": 2, "dst": 1, "unknown": 2, "reloads": 0, "failed_reloads": 0}, counters)
	path := filepath.Join(t.TempDir(), "remote.csv")
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.0/24,ignored\n2001:db8::/32\n"), 0o600))
	sides, _ = remote(t, remoteaddress.CIDR(remoteaddress.File(path)), flows...)
	require.Equal(t, []string{"src", "dst", "src", "", ""}, sides)
}

func TestByDirection(t *testing.T) {
	in, out, other, silent := between("", ""), between("", ""), between("", ""), between("", "")
	in.SetDirection(flow.DirectionIngress)
	out.SetDirection(flow.DirectionEgress)
	other.SetDirection(7)
	for tr, want := range map[pipeline.Transform][]string{
		remoteaddress.Border(): {"src", "dst", "", ""},
		remoteaddress.User():   {"dst", "src", "", ""},
		remoteaddress.Clear():  {"", "", "", ""},
	} {
		sides, counters := remote(t, tr, in, out, other, silent)
		require.Equal(t, want, sides)
		require.EqualValues(t, 4, counters["src"]+counters["dst"]+counters["unknown"])
	}
}

func TestMistakes(t *testing.T) {
	for _, tr := range []pipeline.Transform{
		remoteaddress.CIDR(), remoteaddress.CIDR(remoteaddress.File("")), remoteaddress.CIDR(remoteaddress.File("list"), remoteaddress.Reload(0)),
	} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(tr).To(sink.Discard()).Build()
		require.ErrorContains(t, err, "remoteaddress: ")
	}
	_, err := pipelinetest.RunError(t, pipeline.From(pipelinetest.Flows()).Through(remoteaddress.CIDR(remoteaddress.File("missing"))).To(sink.Discard()))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestConformance(t *testing.T) {
	low := netip.MustParsePrefix("0.0.0.0/1")
	pipelinetest.TestTransform(t, func() pipeline.Transform { return remoteaddress.CIDR(remoteaddress.Prefixes(low)) })
	pipelinetest.TestTransform(t, remoteaddress.Border)
	pipelinetest.TestTransform(t, remoteaddress.Clear)
}
