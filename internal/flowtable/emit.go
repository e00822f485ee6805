package flowtable

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packetflow"
)

// write adds a record to the batch, which must have room.
func (t *Table) write(id ref, reason uint8, b *flow.Batch) {
	r := t.records.at(id)
	fl := b.Next()
	fl.SetType(flow.TypePacket)
	fl.SetTimeReceived(t.clock)
	fl.SetTimeStart(r.start)
	fl.SetTimeEnd(r.end)
	fl.SetBytes(r.bytes)
	fl.SetPackets(r.packets)
	fl.SetEndReason(reason)
	if t.config.SamplingRate > 0 {
		fl.SetSamplingRate(t.config.SamplingRate)
	}
	if r.stackPackets > 0 {
		b.SetStackBytes(fl, r.stackBytes)
		b.SetStackPackets(fl, r.stackPackets)
	}
	packetflow.Key(b, fl, &r.key)
	r.details.Write(b, fl)
	fl.SetMinTTL(r.minTTL)
	fl.SetMaxTTL(r.maxTTL)
	if r.hasFlags {
		fl.SetTCPFlags(r.tcpFlags)
	}
	if r.extra != 0 {
		packetflow.Extra(b, fl, t.extras.at(r.extra))
	}
	if t.config.Statistics {
		t.statistics.at(id).write(b, fl, r.hasFlags)
	}
	if t.config.Tell != nil {
		if o := t.owners.at(id); o.Known() {
			t.config.Tell(b, fl, o)
		}
	}
}
