package ebpf

import (
	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf/internal/kernel"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/meter"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// tally is packets and bytes as the network stack handed them over.
type tally = kernel.Tally

// counters gathers counts as plain numbers, and publishes what was added once for
// each batch.
type counters struct {
	counted kernel.Tally  // packets in flows
	kernel  kernel.Counts // packets in none; AF_PACKET fills it as well
	table   flowtable.Counts

	takings, early, failures uint64
	abandoned                uint64 // packets in flows that were not delivered
	unattributed             uint64 // reasons for which processes are not all told

	meters meter.Set
}

func (c *counters) open(env pipeline.Env) {
	tallies := func(name string, t *tally) {
		c.meters.Add(env, name+"_packets", &t.Packets)
		c.meters.Add(env, name+"_bytes", &t.Bytes)
	}
	tallies("counted", &c.counted)
	tallies("filtered", &c.kernel.Filtered)
	tallies("unsampled", &c.kernel.Unsampled)
	tallies("lost", &c.kernel.Lost)
	tallies("lost_wire", &c.kernel.LostWire)
	for r := packet.Accepted + 1; r < packet.Refusals; r++ {
		tallies("refused_"+r.String(), &c.kernel.Refused[r])
	}
	for name, n := range map[string]*uint64{
		"overflowed_packets":  &c.kernel.Overflowed,
		"details_lost":        &c.kernel.DetailsLost,
		"fragments_unmatched": &c.kernel.FragmentsUnmatched,
		"abandoned_packets":   &c.abandoned,
		"evicted":             &c.table.Evicted,
		"takings_over":        &c.takings,
		"early_takings_over":  &c.early,
		"failed_interfaces":   &c.failures,
		"failed_attributions": &c.unattributed,
	} {
		c.meters.Add(env, name, n)
	}
}

func (c *counters) publish() { c.meters.Publish() }
