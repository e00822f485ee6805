package ddos

import (
	"math"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// AttackID is a field of the flows that belong to an attack that goes on, and of
// its events.
var AttackID = flow.Extension[uint64]("attack_id", flow.Doc("attack that the flow or event belongs to"))

// Fields of events alone.
var (
	phase        = flow.Extension[flow.Text]("attack_phase", flow.Doc("what the event tells: start, update or end"))
	class        = flow.Extension[flow.Text]("attack_class", flow.Doc("kind of attack traffic"))
	severityText = flow.Extension[flow.Text]("attack_severity", flow.Doc("minor, major or critical"))
	networkName  = flow.Extension[flow.Text]("attack_network", flow.Doc("name of the network around the target"))
	action       = flow.Extension[flow.Text]("attack_action", flow.Doc("proposed action"))
	rateBits     = flow.Extension[uint64]("attack_bps", flow.Unit("bit/s"), flow.Doc("rate over the latest seconds"))
	ratePackets  = flow.Extension[uint64]("attack_pps", flow.Unit("packet/s"), flow.Doc("rate over the latest seconds"))
	rateFlows    = flow.Extension[uint64]("attack_fps", flow.Unit("flow/s"), flow.Doc("rate over the latest seconds"))
	peakBits     = flow.Extension[uint64]("attack_peak_bps", flow.Unit("bit/s"), flow.Doc("greatest rate of half a second"))
	peakPackets  = flow.Extension[uint64]("attack_peak_pps", flow.Unit("packet/s"), flow.Doc("greatest rate of half a second"))
	peakFlows    = flow.Extension[uint64]("attack_peak_fps", flow.Unit("flow/s"), flow.Doc("greatest rate of half a second"))
	allPackets   = flow.Extension[uint64]("attack_packets", flow.Unit("packets"), flow.Doc("packets in all, so far"))
	allBytes     = flow.Extension[uint64]("attack_bytes", flow.Unit("bytes"), flow.Doc("bytes in all, so far"))
	errorPercent = flow.Extension[uint32]("attack_error", flow.Unit("percent"), flow.Doc("error of the rates by sampling, 95 % confidence"))
	sourceCount  = flow.Extension[uint32]("attack_sources", flow.Doc("distinct source addresses"))
	srcPorts     = flow.Extension[flow.List]("attack_src_ports", flow.Doc("most frequent source ports of the evidence"))
	srcASes      = flow.Extension[flow.List]("attack_src_as", flow.Doc("most frequent source AS numbers of the evidence"))
	seenSrc      = flow.Extension[flow.AddrList]("evidence_src_addr", flow.Doc("source addresses of the evidence; one for each flow, as in all evidence lists"))
	seenDst      = flow.Extension[flow.AddrList]("evidence_dst_addr", flow.Doc("destination addresses of the evidence"))
	seenSrcPort  = flow.Extension[flow.List]("evidence_src_port", flow.Doc("source ports of the evidence"))
	seenDstPort  = flow.Extension[flow.List]("evidence_dst_port", flow.Doc("destination ports of the evidence"))
	seenProto    = flow.Extension[flow.List]("evidence_proto", flow.Doc("protocols of the evidence"))
	seenAS       = flow.Extension[flow.List]("evidence_src_as", flow.Doc("source AS numbers of the evidence"))
	seenPackets  = flow.Extension[flow.List]("evidence_packets", flow.Unit("packets"), flow.Doc("packets of the evidence as they were seen"))
	seenBytes    = flow.Extension[flow.List]("evidence_bytes", flow.Unit("bytes"), flow.Doc("bytes of the evidence as they were seen"))
)

// Fields returns the fields that Detect writes. A pipeline with a Detect knows
// them; others that read its events need them, by pipeline.WithExtensions.
func Fields() []flow.Extender {
	return []flow.Extender{
		AttackID, phase, class, severityText, networkName, action,
		rateBits, ratePackets, rateFlows, peakBits, peakPackets, peakFlows, allPackets, allBytes, errorPercent, sourceCount,
		srcPorts, srcASes, seenSrc, seenDst, seenSrcPort, seenDstPort, seenProto, seenAS, seenPackets, seenBytes,
	}
}

// Events is the predicate of events.
func Events() filter.Predicate { return filter.RecordType(flow.RecordTypeEvent) }

// Attacking is the predicate of flows of an attack that goes on.
func Attacking() filter.Predicate {
	return filter.And(filter.Not(Events()), filter.Expr("attack_id > 0"))
}

// append adds the event to a batch as a record; false when the batch is full.
func (e *Event) append(b *flow.Batch) bool {
	fl := b.Next()
	if fl == nil {
		return false
	}
	e.record(fl)
	AttackID.Set(b, fl, e.ID)
	for _, t := range []struct {
		ext  *flow.Ext[flow.Text]
		text string
	}{{phase, e.Phase.String()}, {class, e.Class.String()}, {severityText, e.Severity.String()}, {networkName, e.Network}, {action, e.Action}} {
		if t.text != "" {
			t.ext.Set(b, fl, b.AppendText(t.text))
		}
	}
	for _, n := range []struct {
		ext   *flow.Ext[uint64]
		value uint64
	}{
		{rateBits, e.Rate.Bits}, {ratePackets, e.Rate.Packets}, {rateFlows, e.Rate.Flows},
		{peakBits, e.Peak.Bits}, {peakPackets, e.Peak.Packets}, {peakFlows, e.Peak.Flows},
		{allPackets, e.Packets}, {allBytes, e.Bytes},
	} {
		n.ext.Set(b, fl, n.value)
	}
	errorPercent.Set(b, fl, uint32(math.Round(e.Error*100)))
	sourceCount.Set(b, fl, uint32(e.Sources))
	setList(b, fl, srcPorts, e.SrcPorts, func(p *uint16) uint32 { return uint32(*p) })
	setList(b, fl, srcASes, e.SrcASes, func(as *uint32) uint32 { return *as })
	setList(b, fl, seenSrcPort, e.Evidence, func(f *Evidence) uint32 { return uint32(f.SrcPort) })
	setList(b, fl, seenDstPort, e.Evidence, func(f *Evidence) uint32 { return uint32(f.DstPort) })
	setList(b, fl, seenProto, e.Evidence, func(f *Evidence) uint32 { return uint32(f.Proto) })
	setList(b, fl, seenAS, e.Evidence, func(f *Evidence) uint32 { return f.SrcAS })
	setList(b, fl, seenPackets, e.Evidence, func(f *Evidence) uint32 { return uint32(min(f.Packets, math.MaxUint32)) })
	setList(b, fl, seenBytes, e.Evidence, func(f *Evidence) uint32 { return uint32(min(f.Bytes, math.MaxUint32)) })
	setAddrs(b, fl, seenSrc, e.Evidence, func(f *Evidence) flow.Addr { return f.SrcAddr })
	setAddrs(b, fl, seenDst, e.Evidence, func(f *Evidence) flow.Addr { return f.DstAddr })
	return true
}

func setList[T any](b *flow.Batch, fl *flow.Flow, ext *flow.Ext[flow.List], of []T, value func(*T) uint32) {
	if len(of) > 0 {
		f, _ := ext.Field(b.Layout())
		b.SetU32s(fl, f, each(of, value))
	}
}

func setAddrs[T any](b *flow.Batch, fl *flow.Flow, ext *flow.Ext[flow.AddrList], of []T, value func(*T) flow.Addr) {
	if len(of) > 0 {
		f, _ := ext.Field(b.Layout())
		b.SetAddrs(fl, f, each(of, value))
	}
}

func each[T, V any](of []T, value func(*T) V) []V {
	values := make([]V, 0, len(of))
	for i := range of {
		values = append(values, value(&of[i]))
	}
	return values
}
