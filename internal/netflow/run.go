package netflow

import (
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// flowSize is the distance of two flows of a batch.
const flowSize = unsafe.Sizeof(flow.Flow{})

// runFast decodes fields of as many records of one length as there are flows,
// field by field: so the operation is looked up once for all of them. recs has
// those records. An instruction's source lies within a record, and its destination
// within a flow, by how compile makes them.
func (d *Decoder) runFast(code []instr, recs []byte, size int, flows []flow.Flow, b *flow.Batch) {
	src, dst := unsafe.Pointer(unsafe.SliceData(recs)), unsafe.Pointer(unsafe.SliceData(flows))
	step, end := uintptr(size), uintptr(size*len(flows))
	for i := range code {
		in := &code[i]
		from, to := uintptr(in.src), uintptr(in.dst)
		switch in.op {
		case op1to1:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint8](dst, to) = *at[uint8](src, from)
			}
		case op1to2:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint16](dst, to) = uint16(*at[uint8](src, from))
			}
		case op1to4:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint32](dst, to) = uint32(*at[uint8](src, from))
			}
		case op1to8:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint64](dst, to) = uint64(*at[uint8](src, from))
			}
		case op2to2:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint16](dst, to) = u16(at[[2]byte](src, from)[:])
			}
		case op2to4:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint32](dst, to) = uint32(u16(at[[2]byte](src, from)[:]))
			}
		case op2to8:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint64](dst, to) = uint64(u16(at[[2]byte](src, from)[:]))
			}
		case op3to4:
			for ; from < end; from, to = from+step, to+flowSize {
				p := at[[3]byte](src, from)
				*at[uint32](dst, to) = uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
			}
		case op4to4:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint32](dst, to) = u32(at[[4]byte](src, from)[:])
			}
		case op4to8:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint64](dst, to) = uint64(u32(at[[4]byte](src, from)[:]))
			}
		case op8to8:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[uint64](dst, to) = u64(at[[8]byte](src, from)[:])
			}
		case opMAC:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[[6]byte](dst, to) = *at[[6]byte](src, from)
			}
		case opIPv4: // the prefix of the mapped form is in the prototype
			for ; from < end; from, to = from+step, to+flowSize {
				*at[[4]byte](dst, to) = *at[[4]byte](src, from)
			}
		case opIPv6:
			for ; from < end; from, to = from+step, to+flowSize {
				*at[[16]byte](dst, to) = *at[[16]byte](src, from)
			}
		case opUptimeV9:
			h := d.at
			for ; from < end; from, to = from+step, to+flowSize {
				*at[int64](dst, to) = h.uptimeNanos(u32(at[[4]byte](src, from)[:]))
			}
		case opMillis:
			for row := 0; from < end; row, from, to = row+1, from+step, to+flowSize {
				if ns := millis(u64(at[[8]byte](src, from)[:])); ns != 0 {
					*at[int64](dst, to) = ns
				} else {
					flows[row].Clear(in.field)
				}
			}
		case opColumn:
			runColumn(in, recs, size, flows, b)
		}
	}
}

// at is what lies at an offset.
func at[T any](p unsafe.Pointer, off uintptr) *T { return (*T)(unsafe.Add(p, off)) }

// run decodes the other fields of a record of fixed length.
func (d *Decoder) run(code []instr, rec []byte, fl *flow.Flow, b *flow.Batch) {
	for i := range code {
		in := &code[i]
		d.set(in, in.value(rec), fl, b)
	}
}

// runVariable decodes a record whose length varies into one flow, and returns its
// length.
func (d *Decoder) runVariable(t *template, rec []byte, flows []flow.Flow, b *flow.Batch) int {
	parts := d.parts[:0]
	n := 0
	for i, size := range t.parts {
		p := part{at: n}
		if fast := t.program.fast[i]; len(fast) > 0 {
			d.runFast(fast, rec[n:n+size], size, flows, b)
		}
		if n += size; i < len(t.parts)-1 {
			from, to, _ := width(rec[n:])
			p.value = rec[n+from : n+to]
			n += to
		}
		parts = append(parts, p)
	}
	d.parts = parts
	code := t.program.code
	for i := range code {
		in := &code[i]
		p := &parts[in.part]
		v := p.value
		if in.size != variableLength {
			v = in.value(rec[p.at:])
		}
		if len(v) > 0 {
			d.set(in, v, &flows[0], b)
		}
	}
	return n
}

// part is where a part of a record begins, and the value of variable length
// behind it.
type part struct {
	at    int
	value []byte
}
