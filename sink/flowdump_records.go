package sink

import "github.com/flowpipeline/pipeline/flow"

// counters prints the record of an interface's counters: those that are not 0.
func (d *flowdump) counters(dst []byte, b *flow.Batch, fl *flow.Flow) []byte {
	dst = append(d.time(dst, fl), "interface "...)
	index, ok := b.IfIndex(fl)
	switch name, _ := b.IfName(fl); {
	case len(name) > 0:
		dst = appendSafe(dst, string(name))
	case ok:
		dst = appendUint(dst, uint64(index))
	default:
		dst = append(dst, '?')
	}
	if fl.Has(flow.FieldExporter) {
		dst = append(fl.Exporter.AppendTo(append(dst, " [@"...)), ']')
	}
	if status, ok := b.IfOperStatus(fl); ok {
		dst = append(append(dst, ", "...), flow.EnumText(flow.FieldIfOperStatus, uint64(status))...)
	}
	if speed, ok := b.IfSpeed(fl); ok {
		dst = append(scaled(append(dst, ", "...), float64(speed)), "bit/s"...)
	}
	for f := flow.FieldIfInOctets; f <= flow.FieldIfOutErrors; f++ {
		if v, _ := b.Uint(fl, f); v != 0 {
			dst = append(append(dst, ", "...), f.String()...)
			dst = appendUint(append(dst, ' '), v)
		}
	}
	return dst
}

// dropped prints why a packet was dropped, in place of rates.
func dropped(dst []byte, b *flow.Batch, fl *flow.Flow) []byte {
	dst = append(dst, ", dropped"...)
	reason, ok := b.DropReason(fl)
	if !ok {
		return dst
	}
	dst = append(dst, ": "...)
	if name := flow.EnumText(flow.FieldDropReason, uint64(reason)); name != "" {
		return append(dst, name...)
	}
	return appendUint(dst, uint64(reason))
}
