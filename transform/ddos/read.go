package ddos

import (
	"net/netip"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// EventOf reads an event's record; false when the flow is none. What it returns
// may be kept.
func EventOf(b *flow.Batch, fl *flow.Flow) (Event, bool) {
	if fl.RecordType != flow.RecordTypeEvent {
		return Event{}, false
	}
	id, ok := AttackID.Get(b, fl)
	if !ok {
		return Event{}, false
	}
	percent, _ := errorPercent.Get(b, fl)
	sources, _ := sourceCount.Get(b, fl)
	target := fl.DstAddr.Netip()
	e := Event{
		ID: id, Target: netip.PrefixFrom(target, int(fl.DstPrefixLen)),
		Time: fl.Received(), Start: fl.Start(), Last: fl.End(),
		Phase:    Phase(named(text(b, fl, phase), "start", "update", "end")),
		Severity: Severity(named(text(b, fl, severityText), "minor", "major", "critical")),
		Class:    classOf(text(b, fl, class)),
		Network:  text(b, fl, networkName), Action: text(b, fl, action),
		Rate:    Rate{number(b, fl, rateBits), number(b, fl, ratePackets), number(b, fl, rateFlows)},
		Peak:    Rate{number(b, fl, peakBits), number(b, fl, peakPackets), number(b, fl, peakFlows)},
		Packets: number(b, fl, allPackets), Bytes: number(b, fl, allBytes),
		Error: float64(percent) / 100, Sources: int(sources),
		SrcASes: slices.Clone(list(b, fl, srcASes)),
	}
	for _, p := range list(b, fl, srcPorts) {
		e.SrcPorts = append(e.SrcPorts, uint16(p))
	}
	e.Evidence = seen(b, fl)
	return e, true
}

func seen(b *flow.Batch, fl *flow.Flow) []Evidence {
	src, _ := seenSrc.Field(b.Layout())
	dst, _ := seenDst.Field(b.Layout())
	from, _ := b.Addrs(fl, src)
	to, _ := b.Addrs(fl, dst)
	srcPorts, dstPorts := list(b, fl, seenSrcPort), list(b, fl, seenDstPort)
	protos, ases, packets, bytes := list(b, fl, seenProto), list(b, fl, seenAS), list(b, fl, seenPackets), list(b, fl, seenBytes)
	n := min(len(from), len(to), len(srcPorts), len(dstPorts), len(protos), len(ases), len(packets), len(bytes))
	var all []Evidence
	for i := range n {
		all = append(all, Evidence{
			SrcAddr: from[i], DstAddr: to[i], SrcPort: uint16(srcPorts[i]), DstPort: uint16(dstPorts[i]),
			Proto: uint8(protos[i]), SrcAS: ases[i], Packets: uint64(packets[i]), Bytes: uint64(bytes[i]),
		})
	}
	return all
}

func text(b *flow.Batch, fl *flow.Flow, ext *flow.Ext[flow.Text]) string {
	t, ok := ext.Get(b, fl)
	if !ok {
		return ""
	}
	return string(b.Bytes(t))
}

func number(b *flow.Batch, fl *flow.Flow, ext *flow.Ext[uint64]) uint64 {
	v, _ := ext.Get(b, fl)
	return v
}

func list(b *flow.Batch, fl *flow.Flow, ext *flow.Ext[flow.List]) []uint32 {
	f, _ := ext.Field(b.Layout())
	l, _ := b.U32s(fl, f)
	return l
}

func named(text string, names ...string) int { return max(slices.Index(names, text), 0) }

func classOf(text string) Class {
	for c := range Class(numClasses) {
		if c.String() == text {
			return c
		}
	}
	return Other
}
