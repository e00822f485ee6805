package source_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func at(n int64) (fl flow.Flow) {
	fl.SetTimeReceived(n)
	fl.SetSrcAS(uint32(n))
	return fl
}

func numbers(flows []flow.Flow) []uint32 {
	var got []uint32
	for _, fl := range flows {
		got = append(got, fl.SrcAS)
	}
	return got
}

func TestMergeIsInOrderOfTime(t *testing.T) {
	for _, size := range []int{1, 2, 512} {
		got := pipelinetest.Record()
		plan := pipeline.From(source.Merge(
			source.Flows(at(1), at(4), at(9)),
			source.Flows(),
			source.Flows(at(2), at(3), at(10), at(11)),
		)).To(got)
		pipelinetest.Run(t, plan, pipeline.WithBatchSize(size))
		require.Equal(t, []uint32{1, 2, 3, 4, 9, 10, 11}, numbers(got.Flows()))
	}
	_, err := pipeline.From(source.Merge()).To(sink.Discard()).Build()
	require.ErrorContains(t, err, "nothing to merge")
	_, err = pipeline.From(source.Merge(source.Flows(), nil)).To(sink.Discard()).Build()
	require.ErrorContains(t, err, "part 2")
}

func TestMergeOfGeneratedFlows(t *testing.T) {
	got := pipelinetest.Record()
	pipelinetest.Run(t, pipeline.From(source.Merge(pipelinetest.Generate(3000, 1), pipelinetest.Generate(2000, 2))).To(got))
	require.Len(t, got.Flows(), 5000)
	require.True(t, slices.IsSortedFunc(got.Flows(), func(a, b flow.Flow) int { return int(a.TimeReceived - b.TimeReceived) }))
}

func TestChannelGivesWhatIsThere(t *testing.T) {
	ch := make(chan flow.Flow)
	go func() {
		defer close(ch)
		for i := range int64(100) {
			ch <- at(i)
			if i == 50 {
				time.Sleep(3 * time.Millisecond)
			}
		}
	}()
	got := pipelinetest.Record()
	pipelinetest.Run(t, pipeline.From(source.Channel(ch)).To(got), pipeline.WithLatency(time.Millisecond))
	require.Len(t, got.Flows(), 100)
}

func TestChannelStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	require.NoError(t, pipeline.From(source.Channel(make(chan flow.Flow))).To(sink.Discard()).Run(ctx))
}

const lines = `{"type":"NETFLOW_V9","src_addr":"192.0.2.1","etype":"IPv4","proto":"TCP","dst_port":443,"bytes":10}

{"srcAddr":"wAACAQ==","dstPort":53,"bytes":"18446744073709551615","Cid":7,"surprise":{"a":[1,{}]}}
`

func TestJSONOfThePeers(t *testing.T) {
	got := pipelinetest.Record()
	stats := pipelinetest.Run(t, pipeline.From(source.JSONReader("lines", strings.NewReader(lines))).To(got))
	flows := got.Flows()
	require.Len(t, flows, 2)
	require.Equal(t, "192.0.2.1", flows[0].SrcAddr.String())
	require.Equal(t, uint8(flow.ProtoTCP), flows[0].Proto)
	require.Equal(t, "192.0.2.1", flows[1].SrcAddr.String())
	require.Equal(t, ^uint64(0), flows[1].Bytes)
	require.Equal(t, uint32(7), flows[1].CustomerID)
	total := uint64(0)
	for _, n := range stats.Stages[0].Counters {
		total += n
	}
	require.Positive(t, total, "the unknown field is counted: %v", stats.Stages[0].Counters)
}

func TestBadLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.json")
	require.NoError(t, os.WriteFile(path, []byte("{\"bytes\":1}\n{\"bytes\":2}\n{\"bytes\":nonsense}\n{\"bytes\":4}\n"), 0o600))
	got := pipelinetest.Record()
	_, err := pipelinetest.RunError(t, pipeline.From(source.JSON(path)).To(got))
	require.ErrorContains(t, err, "json("+path+"): read: "+path+":3: column 10")
	require.Len(t, got.Flows(), 2, "what was read before is delivered")

	got = pipelinetest.Record()
	pipelinetest.Run(t, pipeline.From(source.JSON(path, source.SkipBad())).To(got))
	require.Len(t, got.Flows(), 3)
}

func TestLongLineIsRefused(t *testing.T) {
	long := `{"note":"` + strings.Repeat("x", source.MaxLine) + `"}` + "\n"
	_, err := pipelinetest.RunError(t, pipeline.From(source.JSONReader("long", strings.NewReader(long))).To(sink.Discard()))
	require.ErrorContains(t, err, "long:1")
}

func TestTruncatedProto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.bin")
	pipelinetest.Run(t, pipeline.From(pipelinetest.Generate(10, 1)).To(sink.ProtoFile(path)))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data[:len(data)-3], 0o600))
	got := pipelinetest.Record()
	_, err = pipelinetest.RunError(t, pipeline.From(source.Proto(path)).To(got))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, path)
	require.Len(t, got.Flows(), 9)
}

func TestPipeThatStaysOpenDoesNotHoldTheRun(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	_, err = w.WriteString("{\"bytes\":1}\n")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	got := sink.Func("got", func(*flow.Batch) error { cancel(); return nil })
	require.NoError(t, pipeline.From(source.JSONReader("pipe", r)).To(got).Run(ctx))
}

func TestMissingFile(t *testing.T) {
	err := pipeline.From(source.JSON("no such file")).To(sink.Discard()).Run(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	var se *pipeline.StageError
	require.True(t, errors.As(err, &se))
	require.Equal(t, "open", se.Op)
}

func TestGeneratorKeepsItsRate(t *testing.T) {
	got := pipelinetest.Record()
	pipelinetest.Run(t, pipeline.From(source.Generator(source.Count(50), source.Rate(5000))).To(got))
	require.Len(t, got.Flows(), 50)
	require.True(t, slices.IsSortedFunc(got.Flows(), func(a, b flow.Flow) int { return int(a.TimeReceived - b.TimeReceived) }))
	_, err := pipeline.From(source.Generator(source.Rate(-1))).To(sink.Discard()).Build()
	require.ErrorContains(t, err, "a rate must be above 0")
}
