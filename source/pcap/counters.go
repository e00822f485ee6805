package pcap

import (
	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// counters gathers counts as plain numbers, and publishes what was added once
// for each batch.
type counters struct {
	packets uint64
	refused [packet.Refusals]uint64
	lost    uint64

	gauges []gauge
}

type gauge struct {
	counter *pipeline.Counter
	told    uint64
}

func (c *counters) open(env pipeline.Env) {
	add := func(name string) { c.gauges = append(c.gauges, gauge{counter: env.Counter(name)}) }
	add("packets")
	add("evicted")
	add("fragments_unmatched")
	add("abandoned_packets")
	for r := packet.Accepted + 1; r < packet.Refusals; r++ {
		add("refused_" + r.String())
	}
}

func (c *counters) publish(t *flowtable.Table) {
	counts := t.Counts()
	for i, n := range [...]uint64{c.packets, counts.Evicted, counts.FragmentsUnmatched, c.lost} {
		c.gauges[i].set(n)
	}
	for i, n := range c.refused[packet.Accepted+1:] {
		c.gauges[4+i].set(n)
	}
}

func (g *gauge) set(n uint64) {
	if n != g.told {
		g.counter.Add(n - g.told)
		g.told = n
	}
}
