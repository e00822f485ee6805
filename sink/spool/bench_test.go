package spool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
)

// BenchmarkSpool is a batch of 512 flows with 25 fields written to a spool whose
// target is away, and through it to one that takes all; beside it the floor, the same
// bytes written to a file.
func BenchmarkSpool(b *testing.B) {
	batch := codectest.Batch(512, codectest.Usual)
	_, rows := batch.Raw()
	rec := newEncoder().append(nil, batch, rows)
	away := pipeline.SinkFunc(func(context.Context, *flow.Batch) error { return errors.New("away") })
	takes := pipeline.SinkFunc(func(context.Context, *flow.Batch) error { return nil })
	perFlow := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/flow")
	}
	file := func(b *testing.B, after func(*os.File) error) {
		f, err := os.Create(filepath.Join(b.TempDir(), "file"))
		require.NoError(b, err)
		off := int64(0)
		b.ResetTimer()
		for b.Loop() {
			if off > 64<<20 {
				require.NoError(b, f.Truncate(0))
				off = 0
			}
			n, err := f.WriteAt(rec, off)
			if err = errors.Join(err, after(f)); err != nil {
				b.Fatal(err)
			}
			off += int64(n)
		}
		perFlow(b)
		require.NoError(b, f.Close())
	}
	spool := func(b *testing.B, to pipeline.Sink, opts ...Option) {
		c, err := newConfig(b.TempDir(), append(opts, MaxBytes(256<<20), SegmentBytes(64<<20), OnFull(pipeline.DropOldest)))
		require.NoError(b, err)
		s := &spooled{config: c, target: target{spec: to, sink: to}}
		require.NoError(b, s.Bind(nil))
		require.NoError(b, s.Open(b.Context(), pipeline.Env{Symbols: batch.Symbols()}))
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			if err := s.Write(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
		require.NoError(b, s.Close(b.Context())) // delivers the rest
		b.StopTimer()
		perFlow(b)
	}
	b.Run("file", func(b *testing.B) { file(b, func(*os.File) error { return nil }) })
	b.Run("write", func(b *testing.B) { spool(b, away, NoSync()) })
	b.Run("through", func(b *testing.B) { spool(b, takes, NoSync()) })
	b.Run("file, sync each", func(b *testing.B) { file(b, (*os.File).Sync) })
	b.Run("write, sync each", func(b *testing.B) { spool(b, away, Sync(0)) })
}
