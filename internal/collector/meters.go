package collector

import "github.com/flowpipeline/pipeline"

// meters bring counts, which one goroutine keeps as plain numbers, to the
// counters of a stage.
type meters []meter

type meter struct {
	from    *uint64
	told    uint64
	counter *pipeline.Counter
}

func (m *meters) add(env pipeline.Env, name string, from *uint64) {
	*m = append(*m, meter{from: from, counter: env.Counter(name)})
}

// publish adds what was counted since the last time.
func (m meters) publish() {
	for i := range m {
		if n := *m[i].from; n != m[i].told {
			m[i].counter.Add(n - m[i].told)
			m[i].told = n
		}
	}
}
