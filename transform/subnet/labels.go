package subnet

import "github.com/flowpipeline/pipeline/flow"

// labels are the fields that a list fills: of both sides, and of the flow.
type labels struct{ src, dst, own label }

var (
	customers = labels{
		src: label{id: flow.FieldSrcCustomerID}, dst: label{id: flow.FieldDstCustomerID},
		own: label{flow.FieldCustomerID, flow.FieldCustomerName},
	}
	networks = labels{
		src: label{flow.FieldSrcNetID, flow.FieldSrcNetName}, dst: label{flow.FieldDstNetID, flow.FieldDstNetName},
		own: label{flow.FieldNetID, flow.FieldNetName},
	}
)

// label is the fields of a subnet. 0 is no field.
type label struct{ id, name flow.Field }

func (l label) set(b *flow.Batch, fl *flow.Flow, s subnet) {
	if s.id != 0 {
		b.SetUint(fl, l.id, uint64(s.id))
	}
	if s.name != 0 && l.name != 0 {
		b.SetUint(fl, l.name, uint64(s.name))
	}
}

// setOwn sets whose the flow is.
func (l *labels) setOwn(b *flow.Batch, fl *flow.Flow, src subnet, inSrc bool, dst subnet, inDst bool) {
	switch fl.RemoteSide {
	case flow.SideSrc:
		inSrc = false
	case flow.SideDst:
		inDst = false
	}
	switch {
	case inSrc && (!inDst || src == dst):
		l.own.set(b, fl, src)
	case inDst && !inSrc:
		l.own.set(b, fl, dst)
	}
}
