package ebpf_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/sink"
)

func TestMistakes(t *testing.T) {
	for text, src := range map[string]pipeline.Source{
		"there is no direction 4":                    ebpf.Device("eth0", ebpf.Direction(4)),
		"there is no method 9":                       ebpf.Device("eth0", ebpf.Attach(9)),
		"interval of 0s is not within 10ms and 2s":   ebpf.Device("eth0", ebpf.Interval(0)),
		"active timeout -1ns is not within":          ebpf.Device("eth0", ebpf.Active(0)),
		"inactive timeout -1s is not within":         ebpf.Device("eth0", ebpf.Inactive(-time.Second)),
		"bound of -1 flows is not within":            ebpf.Device("eth0", ebpf.MaxFlows(0)),
		"sampling of 1 in 4294967295 packets is not": ebpf.Device("eth0", ebpf.Sampling(1<<32-1)),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, text)
	}
	if runtime.GOOS != "linux" {
		return
	}
	for text, src := range map[string]pipeline.Source{
		"the name of an interface is empty":     ebpf.Device(""),
		`pattern "eth[" for interfaces`:         ebpf.Devices([]string{"eth0", "eth["}),
		"snap length of 10 bytes is not within": ebpf.Device("eth0", ebpf.SnapLen(10)),
		"ring of -1 bytes is not within":        ebpf.Device("eth0", ebpf.RingBuffer(0)),
		"bound of -1 flows is not within":       ebpf.Device("eth0", ebpf.MapSize(0)),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, text)
	}
}
