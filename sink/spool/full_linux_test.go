package spool_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink/spool"
)

// smallDisk mounts a file system of a megabyte.
func smallDisk(t *testing.T) string {
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m")
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs the right to mount a file system")
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// TestFullDisk has a disk fill up while the target is down.
func TestFullDisk(t *testing.T) {
	const flows = 200_000
	opts := []spool.Option{quick, spool.SegmentBytes(256 << 10)}
	t.Run("block", func(t *testing.T) {
		to := &target{down: true}
		p, err := pipeline.From(&numbered{to: flows, n: 512}).To(spool.To(to, smallDisk(t), opts...)).Build()
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- p.Run(t.Context()) }()
		require.Eventually(t, func() bool { return soFar(p, "write_errors") > 0 }, time.Minute, time.Millisecond)
		to.set(false)
		require.NoError(t, <-ended)
		require.Equal(t, upTo(flows), to.numbers())
		require.Zero(t, counter(t, p.Stats(), "corrupt_bytes"))
	})
	t.Run("drop newest", func(t *testing.T) {
		dir := smallDisk(t)
		stats := pipelinetest.Run(t, pipeline.From(&numbered{to: flows, n: 512}).
			To(spool.To(&target{down: true}, dir, append(opts, spool.OnFull(pipeline.DropNewest))...)))
		left := counter(t, stats, "spooled_flows")
		require.Equal(t, flows, left+counter(t, stats, "dropped_flows"))
		to := &target{}
		pipelinetest.Run(t, pipeline.From(pipelinetest.Flows()).To(spool.To(to, dir)))
		require.Len(t, to.numbers(), left)
	})
	t.Run("drop oldest", func(t *testing.T) {
		dir := smallDisk(t)
		stats := pipelinetest.Run(t, pipeline.From(&numbered{to: flows, n: 512}).
			To(spool.To(&target{down: true}, dir, append(opts, spool.OnFull(pipeline.DropOldest))...)))
		require.Positive(t, counter(t, stats, "dropped_flows"))
		to := &target{}
		pipelinetest.Run(t, pipeline.From(pipelinetest.Flows()).To(spool.To(to, dir)))
		got := to.numbers()
		require.EqualValues(t, flows-1, got[len(got)-1])
	})
}
