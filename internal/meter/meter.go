// Package meter brings counts, which one goroutine keeps as plain numbers, to the
// counters of a stage.
package meter

import "github.com/flowpipeline/pipeline"

// Set is a set of counts. It is for one goroutine.
type Set []meter

type meter struct {
	from    *uint64
	told    uint64
	counter *pipeline.Counter
}

// Add has from counted under a name.
func (s *Set) Add(env pipeline.Env, name string, from *uint64) {
	*s = append(*s, meter{from: from, counter: env.Counter(name)})
}

// Publish adds what was counted since the last time.
func (s Set) Publish() {
	for i := range s {
		if n := *s[i].from; n != s[i].told {
			s[i].counter.Add(n - s[i].told)
			s[i].told = n
		}
	}
}
