package netflow

import (
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// run decodes the fields of a record of fixed length. The caller has checked that
// rec is as long as the template says; an instruction's source lies within that,
// and its destination within the flow, by how compile makes them.
func (d *Decoder) run(code []instr, rec []byte, fl *flow.Flow, b *flow.Batch) {
	src, dst := unsafe.Pointer(unsafe.SliceData(rec)), unsafe.Pointer(fl)
	for i := range code {
		in := &code[i]
		v, to := unsafe.Add(src, uintptr(in.src)), unsafe.Add(dst, uintptr(in.dst))
		switch in.op {
		case op1to1:
			*(*uint8)(to) = *(*uint8)(v)
		case op1to2:
			*(*uint16)(to) = uint16(*(*uint8)(v))
		case op1to4:
			*(*uint32)(to) = uint32(*(*uint8)(v))
		case op1to8:
			*(*uint64)(to) = uint64(*(*uint8)(v))
		case op2to2:
			*(*uint16)(to) = u16((*[2]byte)(v)[:])
		case op2to4:
			*(*uint32)(to) = uint32(u16((*[2]byte)(v)[:]))
		case op2to8:
			*(*uint64)(to) = uint64(u16((*[2]byte)(v)[:]))
		case op3to4:
			p := (*[3]byte)(v)
			*(*uint32)(to) = uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
		case op4to4:
			*(*uint32)(to) = u32((*[4]byte)(v)[:])
		case op4to8:
			*(*uint64)(to) = uint64(u32((*[4]byte)(v)[:]))
		case op8to8:
			*(*uint64)(to) = u64((*[8]byte)(v)[:])
		case opMAC:
			*(*[6]byte)(to) = *(*[6]byte)(v)
		case opIPv4: // the prefix of the mapped form is in the prototype
			*(*[4]byte)(to) = *(*[4]byte)(v)
		case opIPv6:
			*(*[16]byte)(to) = *(*[16]byte)(v)
		case opUptimeV9:
			*(*int64)(to) = d.at.uptimeNanos(u32((*[4]byte)(v)[:]))
		case opMillis:
			ns := millis(u64((*[8]byte)(v)[:]))
			*(*int64)(to) = ns
			if ns == 0 {
				fl.Clear(in.field)
			}
		default:
			d.set(in, rec[in.src:in.src+in.size], fl, b)
		}
	}
}

// runVariable decodes the fields of a record whose lengths vary, and returns
// its length.
func (d *Decoder) runVariable(t *template, rec []byte, fl *flow.Flow, b *flow.Batch) int {
	ends := d.ends[:0]
	n := 0
	for i := range t.fields {
		from, to := 0, int(t.fields[i].length)
		if to == variableLength {
			from, to, _ = width(rec[n:])
		}
		ends = append(ends, span{n + from, n + to})
		n += to
	}
	d.ends = ends
	code := t.program.code
	for i := range code {
		in := &code[i]
		s := ends[in.src]
		if s.to > s.from {
			d.set(in, rec[s.from:s.to], fl, b)
		}
	}
	return n
}

// span is where a field lies in a record.
type span struct{ from, to int }
