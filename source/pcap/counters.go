package pcap

import (
	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/meter"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// counters gathers counts as plain numbers, and publishes what was added once
// for each batch.
type counters struct {
	packets uint64
	refused [packet.Refusals]uint64
	lost    uint64
	table   flowtable.Counts

	meters meter.Set
}

func (c *counters) open(env pipeline.Env) {
	c.meters.Add(env, "packets", &c.packets)
	c.meters.Add(env, "evicted", &c.table.Evicted)
	c.meters.Add(env, "fragments_unmatched", &c.table.FragmentsUnmatched)
	c.meters.Add(env, "abandoned_packets", &c.lost)
	for r := packet.Accepted + 1; r < packet.Refusals; r++ {
		c.meters.Add(env, "refused_"+r.String(), &c.refused[r])
	}
}

func (c *counters) publish(t *flowtable.Table) {
	c.table = t.Counts()
	c.meters.Publish()
}
