package pcap_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// corpus is where real captures lie beside the project, if they do.
const corpus = "../../../shared/corpus"

// replay runs a capture and returns the counters and the run's error.
func replay(t *testing.T, path string, opts ...pipeline.Option) (*sink.Counter, map[string]uint64, error) {
	t.Helper()
	count := sink.Count()
	pl, err := pipeline.From(pcap.File(path)).To(count).Build(append(opts, pipeline.WithPoison())...)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = pl.Run(ctx)
	require.NoError(t, ctx.Err(), "%s hangs", path)
	require.NoError(t, pl.Stats().Check(), path)
	return count, pl.Stats().Stages[0].Counters, err
}

// balance checks that every packet is in a flow or was refused.
func balance(t *testing.T, path string, count *sink.Counter, counters map[string]uint64) {
	t.Helper()
	refused := uint64(0)
	for name, n := range counters {
		if strings.HasPrefix(name, "refused_") {
			refused += n
		}
	}
	require.Equal(t, counters["packets"], count.Packets()+refused, "%s: %v", path, counters)
}

func TestBundledCaptures(t *testing.T) {
	for _, name := range []string{"web.pcap", "web.pcapng", "web.pcap.gz", "crafted.pcap"} {
		path := filepath.Join("../../testdata", name)
		count, counters, err := replay(t, path)
		require.NoError(t, err)
		require.Positive(t, counters["packets"])
		balance(t, path, count, counters)
		for _, size := range []int{1, 3, 1000} {
			again, _, err := replay(t, path, pipeline.WithBatchSize(size))
			require.NoError(t, err)
			require.Equal(t, count.Flows(), again.Flows(), "%s in batches of %d", path, size)
			require.Equal(t, count.Bytes(), again.Bytes())
		}
	}
}

func TestFormatsOfOneCaptureAgree(t *testing.T) {
	want, _, err := replay(t, "../../testdata/web.pcap")
	require.NoError(t, err)
	for _, name := range []string{"web.pcapng", "web.pcap.gz"} {
		got, _, err := replay(t, "../../testdata/"+name)
		require.NoError(t, err)
		require.Equal(t, want.Packets(), got.Packets())
		require.Equal(t, want.Bytes(), got.Bytes())
	}
}

func TestTruncatedCaptureDeliversWhatItHas(t *testing.T) {
	whole, err := os.ReadFile("../../testdata/web.pcap")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cut.pcap")
	require.NoError(t, os.WriteFile(path, whole[:len(whole)-10], 0o600))
	count, counters, err := replay(t, path)
	var se *pipeline.StageError
	require.ErrorAs(t, err, &se)
	require.Equal(t, "read", se.Op)
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "truncated at byte")
	require.Positive(t, count.Flows())
	balance(t, path, count, counters)
}

func TestMissingCapture(t *testing.T) {
	_, _, err := replay(t, "no such file.pcap")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "pcap(no such file.pcap): open:")
}

// TestEveryCapture replays the bundled captures, and the real ones beside the
// project if they are there.
func TestEveryCapture(t *testing.T) {
	files, packets := 0, uint64(0)
	visit := func(path string, _ fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || ext != ".pcap" && ext != ".pcapng" {
			return err
		}
		count, counters, err := replay(t, path)
		if err != nil {
			require.ErrorContains(t, err, filepath.Base(path))
			require.ErrorContains(t, err, "byte", path)
		}
		balance(t, path, count, counters)
		files++
		packets += counters["packets"]
		return nil
	}
	least := 3
	require.NoError(t, filepath.WalkDir("../../testdata", visit))
	for _, dir := range []string{"tcpdump", "zeek", "ipfixprobe", "gopacket"} {
		if root := filepath.Join(corpus, dir); exists(root) {
			require.NoError(t, filepath.WalkDir(root, visit))
			least = 500
		}
	}
	require.GreaterOrEqual(t, files, least)
	t.Logf("%d captures, %d packets", files, packets)
}

// TestCancelledRunDeliversTheTable stops a capture that goes on: what was read
// before must come out, all of it, however small the batches.
func TestCancelledRunDeliversTheTable(t *testing.T) {
	whole, err := os.ReadFile("../../testdata/web.pcap")
	require.NoError(t, err)
	want, all, err := replay(t, "../../testdata/web.pcap")
	require.NoError(t, err)

	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	go func() { _, _ = w.Write(whole) }()
	count := sink.Count()
	pl, err := pipeline.From(pcap.Reader("pipe", r)).To(count).Build(pipeline.WithBatchSize(2), pipeline.WithLatency(time.Millisecond))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for pl.Stats().Stages[0].Counters["packets"] < all["packets"] {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	require.NoError(t, pl.Run(ctx))
	require.NoError(t, pl.Stats().Check())
	require.Equal(t, want.Packets(), count.Packets())
	require.Equal(t, want.Flows(), count.Flows())
	require.Zero(t, pl.Stats().Stages[0].Counters["abandoned_packets"])
}
