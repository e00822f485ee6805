package netflow

import "github.com/flowpipeline/pipeline/flow"

// maxList bounds what is taken of a list.
const maxList = 64

// list stores elements that are lists or parts of one.
func (d *Decoder) list(in *instr, v []byte, fl *flow.Flow, b *flow.Batch) {
	switch in.op {
	case opLabel:
		d.rec.pushLabel(in.index, number(v))
	case opTTL:
		d.words[0] = narrow(v)
		b.SetU32s(fl, in.field, d.words[:1])
	case opAddrs:
		if a, ok := flow.AddrFromSlice(v); ok && !a.IsZero() && (!a.Is4() || a.V4() != 0) {
			d.addrs[0] = a
			b.SetAddrs(fl, in.field, d.addrs[:1])
		}
	case opSegments:
		d.setAddrs(b, fl, in.field, v)
	case opWords:
		d.setWords(b, fl, in.field, v)
	case opBasicList:
		d.basicList(b, fl, in.field, v)
	}
}

func (d *Decoder) setAddrs(b *flow.Batch, fl *flow.Flow, f flow.Field, v []byte) {
	n := 0
	for ; len(v) >= 16 && n < maxList; v = v[16:] {
		d.addrs[n] = flow.Addr(v[:16])
		n++
	}
	b.SetAddrs(fl, f, d.addrs[:n])
}

func (d *Decoder) setWords(b *flow.Batch, fl *flow.Flow, f flow.Field, v []byte) {
	n := 0
	for ; len(v) >= 4 && n < maxList; v = v[4:] {
		d.words[n] = u32(v)
		n++
	}
	b.SetU32s(fl, f, d.words[:n])
}

// basicList reads a basicList (RFC 6313 4.5.1) whose elements have the size of
// what the field lists.
func (d *Decoder) basicList(b *flow.Batch, fl *flow.Flow, f flow.Field, v []byte) {
	if len(v) < 5 {
		return
	}
	size, head := u16(v[3:]), 5
	if v[1]&0x80 != 0 {
		head = 9
	}
	if len(v) < head {
		return
	}
	addrs := f.Info().Kind == flow.KindAddrs
	switch {
	case addrs && size == 16:
		d.setAddrs(b, fl, f, v[head:])
	case !addrs && (size == 4 || size == 12):
		d.setWords(b, fl, f, v[head:])
	}
}

// record is what is gathered while one record is decoded.
type record struct {
	sampling
	unresolved bool // a time is relative to an unknown start

	labels [10]uint32
	count  uint8 // of labels
	bottom bool  // the last of them is the bottom of the stack
}

// pushLabel takes an entry of a label stack: label, experimental bits, bottom of
// stack (RFC 3032). What follows the bottom, and entries of zero, are unused.
func (r *record) pushLabel(index uint8, entry uint64) {
	if r.bottom || entry == 0 || index != r.count {
		return
	}
	r.labels[r.count] = uint32(entry >> 4 & 0xfffff)
	r.count++
	r.bottom = entry&1 != 0
}
