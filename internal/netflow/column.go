package netflow

import "github.com/flowpipeline/pipeline/flow"

// runColumn decodes one field of as many records as there are flows into a
// column. index is the column's kind.
func runColumn(in *instr, recs []byte, size int, flows []flow.Flow, b *flow.Batch) {
	switch flow.Kind(in.index) {
	case flow.KindU8:
		fillNumbers[uint8](in, recs, size, flows, b)
	case flow.KindU16:
		fillNumbers[uint16](in, recs, size, flows, b)
	case flow.KindU32:
		fillNumbers[uint32](in, recs, size, flows, b)
	case flow.KindU64:
		fillNumbers[uint64](in, recs, size, flows, b)
	case flow.KindAddr:
		vals, has := cells[flow.Addr](in, flows, b)
		for i := range vals {
			vals[i], has[i] = flow.AddrFromSlice(in.value(recs[i*size:]))
		}
	}
}

// fillNumbers stores numbers. What does not fit is the greatest that does.
func fillNumbers[T uint8 | uint16 | uint32 | uint64](in *instr, recs []byte, size int, flows []flow.Flow, b *flow.Batch) {
	vals, has := cells[T](in, flows, b)
	for i := range vals {
		vals[i], has[i] = T(min(number(in.value(recs[i*size:])), uint64(^T(0)))), true
	}
}

// cells returns the column's values and their presence for flows of b that lie
// side by side.
func cells[T flow.Value](in *instr, flows []flow.Flow, b *flow.Batch) (vals []T, has []bool) {
	vals, has = flow.WriteColumn[T](b, in.field)
	row := b.Index(&flows[0])
	return vals[row : row+len(flows)], has[row : row+len(flows)]
}

// value returns the field's value in the part of a record at the head of p.
func (in *instr) value(p []byte) []byte { return p[in.src:][:in.size] }
