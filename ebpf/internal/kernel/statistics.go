//go:build linux

package kernel

import (
	"github.com/flowpipeline/pipeline/ebpf/bpf"
	"github.com/flowpipeline/pipeline/internal/flowtable"
)

// addStatistics counts what one CPU counted, before its packets are.
func (e *Entry) addStatistics(v *bpf.FlowsValueStatistics) {
	s, o := &e.statistics, &v.Statistics
	combine(&s.Lengths, flowtable.Sums{
		Count: v.Value.Packets,
		Min:   int64(o.LengthMin), Max: int64(o.LengthMax),
		Sum: float64(v.Value.Bytes), Squares: float64(o.LengthSquares),
	})
	combine(&s.Gaps, flowtable.Sums{
		Count: o.Gaps,
		Min:   int64(o.GapMin), Max: int64(o.GapMax),
		Sum: float64(o.GapSum), Squares: float64(o.GapSquares),
	})
	for i, n := range o.Flags {
		s.Flags[i] += n
	}
	s.HeaderBytes += o.HeaderBytes
	s.PayloadPackets += o.PayloadPackets
}

// combine adds more numbers to some.
func combine(s *flowtable.Sums, more flowtable.Sums) {
	if more.Count == 0 {
		return
	}
	if s.Count == 0 {
		s.Min, s.Max = more.Min, more.Max
	}
	s.Min, s.Max = min(s.Min, more.Min), max(s.Max, more.Max)
	s.Count += more.Count
	s.Sum += more.Sum
	s.Squares += more.Squares
}
