// Package sidebyside measures work beside its floor in one benchmark, so that a
// busy machine troubles both alike.
package sidebyside

import (
	"slices"
	"testing"
	"time"
)

// Work is something to measure.
type Work struct {
	Unit string // of the figure: "ns/flow"; "" for what prepares the next, unmeasured
	Do   func()
}

// Run does all works in turns, and reports of each the median of its times divided
// by n, the number of flows that it works on.
func Run(b *testing.B, n int, works ...Work) {
	b.Helper()
	times := make([][]time.Duration, len(works))
	for b.Loop() {
		for i, w := range works {
			begin := time.Now()
			w.Do()
			times[i] = append(times[i], time.Since(begin))
		}
	}
	for i, w := range works {
		if w.Unit == "" {
			continue
		}
		slices.Sort(times[i])
		b.ReportMetric(float64(times[i][len(times[i])/2].Nanoseconds())/float64(n), w.Unit)
	}
	b.ReportMetric(0, "ns/op") // of all together, it means nothing
}
