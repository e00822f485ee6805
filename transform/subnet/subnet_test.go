package subnet_test

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
	"github.com/flowpipeline/pipeline/transform/subnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const customers = `10.0.0.0/8,1,big
10.1.0.0/16,2,small
2001:db8::/32,1,big
192.0.2.0/24,,named
`

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// between is a flow from one address to another, either of which may be missing.
func between(src, dst string, remote uint8) (fl flow.Flow) {
	if src != "" {
		fl.SetSrcAddr(flow.MustParseAddr(src))
	}
	if dst != "" {
		fl.SetDstAddr(flow.MustParseAddr(dst))
	}
	if remote != flow.SideNeither {
		fl.SetRemoteSide(remote)
	}
	return fl
}

// lines are the flows behind a transform, in JSON.
func lines(t *testing.T, tr pipeline.Transform, flows ...flow.Flow) (string, pipeline.Stats) {
	t.Helper()
	var out bytes.Buffer
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(tr).To(sink.JSON(&out)))
	return out.String(), stats
}

func TestCustomers(t *testing.T) {
	got, stats := lines(t, subnet.Customers(file(t, customers)),
		between("10.1.2.3", "10.2.0.1", flow.SideNeither), // two customers
		between("10.1.2.3", "10.2.0.1", flow.SideSrc),
		between("10.1.2.3", "10.2.0.1", flow.SideDst),
		between("198.51.100.1", "2001:db8::1", flow.SideNeither), // one
		between("10.3.0.1", "2001:db8::1", flow.SideNeither),     // the same twice
		between("198.51.100.1", "10.1.0.1", flow.SideDst),        // the other side is nobody's
		between("192.0.2.1", "", flow.SideNeither),               // a name alone
		between("198.51.100.1", "", flow.SideNeither),
	)
	require.Equal(t, `{"src_addr":"10.1.2.3","dst_addr":"10.2.0.1","src_cid":2,"dst_cid":1}
{"src_addr":"10.1.2.3","dst_addr":"10.2.0.1","cid":1,"src_cid":2,"dst_cid":1,"cid_string":"big","remote_addr":1}
{"src_addr":"10.1.2.3","dst_addr":"10.2.0.1","cid":2,"src_cid":2,"dst_cid":1,"cid_string":"small","remote_addr":2}
{"src_addr":"198.51.100.1","dst_addr":"2001:db8::1","cid":1,"dst_cid":1,"cid_string":"big"}
{"src_addr":"10.3.0.1","dst_addr":"2001:db8::1","cid":1,"src_cid":1,"dst_cid":1,"cid_string":"big"}
{"src_addr":"198.51.100.1","dst_addr":"10.1.0.1","dst_cid":2,"remote_addr":2}
{"src_addr":"192.0.2.1","cid_string":"named"}
{"src_addr":"198.51.100.1"}
`, got)
	s, _ := stats.Stage("customers")
	require.EqualValues(t, 11, s.Counters["found"])
	require.EqualValues(t, 3, s.Counters["not_found"])
	require.EqualValues(t, 4, s.Counters["prefixes"])
}

func TestNetworks(t *testing.T) {
	list := file(t, `[{"prefix":"10.0.0.0/8","id":4294967295,"name":"lab"}, {"prefix":"192.0.2.0/24","name":"dmz"}]`)
	got, _ := lines(t, subnet.Networks(list), between("10.1.2.3", "192.0.2.1", flow.SideSrc))
	require.Equal(t, `{"src_addr":"10.1.2.3","dst_addr":"192.0.2.1","net_name":"dmz","src_net_id":4294967295,"src_net_name":"lab","dst_net_name":"dmz","remote_addr":1}
`, got)
}

func TestWhatTheListDoesNotTellStays(t *testing.T) {
	fl := between("198.51.100.1", "", flow.SideNeither)
	fl.SetCustomerID(9)
	got, _ := lines(t, subnet.Customers(file(t, customers)), fl)
	require.Equal(t, "{\"src_addr\":\"198.51.100.1\",\"cid\":9}\n", got)
}

func TestMistakes(t *testing.T) {
	for _, tr := range []pipeline.Transform{subnet.Customers(""), subnet.Networks("list", subnet.Reload(0))} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(tr).To(sink.Discard()).Build()
		require.Error(t, err)
	}
	bad := file(t, "10.0.0.0/8,1\n10.0.0.0/9,x\n")
	_, err := pipelinetest.RunError(t, pipeline.From(pipelinetest.Flows()).Through(subnet.Customers(bad)).To(sink.Discard()))
	require.ErrorContains(t, err, bad+`: line 2, column 12: id "x" is no number`)
	_, err = pipelinetest.RunError(t, pipeline.From(pipelinetest.Flows()).Through(subnet.Customers(bad+".missing")).To(sink.Discard()))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAListThatChanges(t *testing.T) {
	path := file(t, "10.0.0.0/8,1\n")
	steps := []string{"10.0.0.0/8,bad\n", "10.0.0.0/8,2\n"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	again := pipeline.SourceFunc(func(ctx context.Context, b *flow.Batch) error {
		*b.Next() = between("10.0.0.1", "", flow.SideNeither)
		time.Sleep(time.Millisecond)
		return ctx.Err()
	})
	var p *pipeline.Pipeline
	watch := sink.Func("watch", func(b *flow.Batch) error {
		s, _ := p.Stats().Stage("customers")
		for fl := range b.All() {
			switch {
			case len(steps) == 2, len(steps) == 1 && s.Counters["failed_reloads"] > 0:
				require.EqualValues(t, 1, fl.CustomerID)
				require.NoError(t, os.WriteFile(path+".next", []byte(steps[0]), 0o600))
				require.NoError(t, os.Rename(path+".next", path))
				steps = steps[1:]
			case len(steps) == 0 && fl.CustomerID == 2:
				cancel()
			}
		}
		return nil
	})
	p, err := pipeline.From(again).Through(subnet.Customers(path, subnet.Reload(time.Millisecond))).To(watch).Build()
	require.NoError(t, err)
	require.NoError(t, p.Run(ctx))
	require.Empty(t, steps)
}

func TestAFullSymbolTableIsCounted(t *testing.T) {
	p, err := pipeline.From(pipelinetest.Flows()).Through(subnet.Customers(file(t, customers))).To(sink.Discard()).
		Build(pipeline.WithSymbols(flow.NewSymbols(1)))
	require.NoError(t, err)
	require.NoError(t, p.Run(t.Context()))
	s, _ := p.Stats().Stage("customers")
	require.EqualValues(t, 2, s.Counters["refused_names"])
}

func TestConformance(t *testing.T) {
	list := file(t, "0.0.0.0/1,1,low\n128.0.0.0/1,2,high\n::/0,3,six")
	pipelinetest.TestTransform(t, func() pipeline.Transform { return subnet.Customers(list) })
	pipelinetest.TestTransform(t, func() pipeline.Transform { return subnet.Networks(list) })
}
