package sink_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

func TestFullDisk(t *testing.T) {
	err := pipeline.From(source.Flows(web())).To(sink.JSONFile("/dev/full")).Run(t.Context())
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, "json(/dev/full): write: /dev/full: after 0 of")
}
