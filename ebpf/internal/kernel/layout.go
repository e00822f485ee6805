//go:build linux

package kernel

import (
	"unsafe"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
)

// layout says what one CPU's count consists of: bpf.FlowsValue, and what options add
// behind it.
type layout struct{ statistics, attribution bool }

func (c Config) layout() layout { return layout{c.Statistics, c.Attribution != nil} }

// attributionAt returns where the attribution begins, in words.
func (l layout) attributionAt() int {
	if l.statistics {
		return int(unsafe.Sizeof(bpf.FlowsValueStatistics{})) / 8
	}
	return int(unsafe.Sizeof(bpf.FlowsValue{})) / 8
}

// words returns the length in words of 8 bytes.
func (l layout) words() int {
	if l.attribution {
		return l.attributionAt() + int(unsafe.Sizeof(bpf.FlowsAttribution{}))/8
	}
	return l.attributionAt()
}

// size returns the length in bytes.
func (l layout) size() int { return l.words() * 8 }
