package netflow

import "github.com/flowpipeline/pipeline/flow"

// runColumn decodes one field of the records into a column, whose kind index
// says. The flows of the records lie side by side.
func (r *records) runColumn(in *instr, flows []flow.Flow, b *flow.Batch) {
	switch flow.Kind(in.index) {
	case flow.KindU8:
		fillNumbers[uint8](r, in, flows, b)
	case flow.KindU16:
		fillNumbers[uint16](r, in, flows, b)
	case flow.KindU32:
		fillNumbers[uint32](r, in, flows, b)
	case flow.KindU64:
		fillNumbers[uint64](r, in, flows, b)
	case flow.KindAddr:
		vals, has := cells[flow.Addr](in, flows, b)
		for i := range vals {
			vals[i], has[i] = flow.AddrFromSlice(r.value(in, i))
		}
	}
}

// fillNumbers stores numbers. What does not fit is the greatest that does.
func fillNumbers[T uint8 | uint16 | uint32 | uint64](r *records, in *instr, flows []flow.Flow, b *flow.Batch) {
	vals, has := cells[T](in, flows, b)
	for i := range vals {
		vals[i], has[i] = T(min(number(r.value(in, i)), uint64(^T(0)))), true
	}
}

// cells returns the values of a column and their presence for flows.
func cells[T flow.Value](in *instr, flows []flow.Flow, b *flow.Batch) (vals []T, has []bool) {
	vals, has = flow.WriteColumn[T](b, in.field)
	first := b.Index(&flows[0])
	return vals[first:][:len(flows)], has[first:][:len(flows)]
}
