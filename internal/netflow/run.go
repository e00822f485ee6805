package netflow

import (
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// runFast decodes fields of a block of records into as many flows, field by
// field: so the operation is looked up once for all of them. An instruction's
// source lies within a record, and its destination within a flow, by how compile
// makes them.
func (d *Decoder) runFast(code []instr, flows []flow.Flow, b *flow.Batch) {
	r := &d.block
	dst, src := unsafe.Pointer(unsafe.SliceData(flows)), unsafe.Pointer(unsafe.SliceData(r.data))
	for i := range code {
		switch in := &code[i]; in.op {
		case opCopy:
			in.copy(unsafe.Add(dst, uintptr(in.dst)), unsafe.Add(src, uintptr(in.src)), r.offsets(int(in.part)))
		case opUptimeV9:
			d.runUptime(in, flows)
		case opMillis:
			d.runMillis(in, flows)
		case opColumn:
			r.runColumn(in, flows, b)
		}
	}
}

// runUptime decodes times by the uptime of v9's header.
func (d *Decoder) runUptime(in *instr, flows []flow.Flow) {
	h := d.at
	for i := range flows {
		*in.time(&flows[i]) = h.uptimeNanos(u32(d.block.value(in, i)))
	}
}

// runMillis decodes times in milliseconds since the epoch. An unknown one is
// absent.
func (d *Decoder) runMillis(in *instr, flows []flow.Flow) {
	for i := range flows {
		if ns := millis(u64(d.block.value(in, i))); ns != 0 {
			*in.time(&flows[i]) = ns
		} else {
			flows[i].Clear(in.field)
		}
	}
}

// time is the instruction's destination.
func (in *instr) time(fl *flow.Flow) *int64 {
	return (*int64)(unsafe.Add(unsafe.Pointer(fl), uintptr(in.dst)))
}

// run decodes the other fields of one record.
func (d *Decoder) run(code []instr, record int, fl *flow.Flow, b *flow.Batch) {
	for i := range code {
		in := &code[i]
		if v := d.block.value(in, record); len(v) > 0 {
			d.set(in, v, fl, b)
		}
	}
}
