package rpki

import (
	"context"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// Process implements pipeline.Transform. It neither waits nor allocates.
func (v *validator) Process(_ context.Context, b *flow.Batch) error {
	table := v.db.table.Load()
	var states [4]uint64
	oldSrc, oldDst := has(b, flow.FieldSrcRPKIReason), has(b, flow.FieldDstRPKIReason)
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		state, reason := v.validate(table, fl, fl.SrcAddr, fl.SrcPrefixLen, fl.SrcAS)
		setSrc(b, fl, state, reason, oldSrc)
		states[state]++
		state, reason = v.validate(table, fl, fl.DstAddr, fl.DstPrefixLen, fl.DstAS)
		setDst(b, fl, state, reason, oldDst)
		states[state]++
		if v.status {
			fl.SetValidationStatus(state)
		}
	}
	for state, n := range states {
		v.count[state].Add(n)
	}
	return nil
}

// setSrc sets the source's fields; what is unknown becomes absent. old says that
// there may be a reason already.
func setSrc(b *flow.Batch, fl *flow.Flow, state, reason uint8, old bool) {
	fl.SetSrcRPKI(state)
	if state == flow.RPKIUnknown {
		fl.Clear(flow.FieldSrcRPKI)
	}
	if reason != flow.RPKIReasonNone {
		b.SetSrcRPKIReason(fl, reason)
	} else if old {
		b.Clear(fl, flow.FieldSrcRPKIReason)
	}
}

// setDst is setSrc for the destination.
func setDst(b *flow.Batch, fl *flow.Flow, state, reason uint8, old bool) {
	fl.SetDstRPKI(state)
	if state == flow.RPKIUnknown {
		fl.Clear(flow.FieldDstRPKI)
	}
	if reason != flow.RPKIReasonNone {
		b.SetDstRPKIReason(fl, reason)
	} else if old {
		b.Clear(fl, flow.FieldDstRPKIReason)
	}
}

// has reports whether a stage before this one wrote a column.
func has(b *flow.Batch, column flow.Field) bool {
	values, _ := flow.Column[uint8](b, column)
	return values != nil
}

func (v *validator) validate(table *vrp.Table, fl *flow.Flow, addr flow.Addr, bits uint8, asn uint32) (state, reason uint8) {
	if table == nil {
		return flow.RPKIUnknown, flow.RPKIReasonNone
	}
	r, ok := told(addr, bits, asn)
	if v.rib != nil {
		if best, found := v.rib.Route(fl, addr); found {
			r, ok = best, true
		}
	}
	if !ok {
		return flow.RPKIUnknown, flow.RPKIReasonNone
	}
	return table.Validate(addr, r.PrefixLen, r.Origin)
}
