package netflow

import "github.com/flowpipeline/pipeline/flow"

// maxList bounds what is taken of a list.
const maxList = 64

// list stores elements that are lists or parts of one.
func (d *Decoder) list(in *instr, v []byte, fl *flow.Flow, b *flow.Batch) {
	switch in.op {
	case opLabel:
		d.rec.pushLabel(in.index, number(v))
	case opLabels:
		d.labelStack(b, fl, v)
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
	case opHeader:
		d.segmentHeader(b, fl, in.field, v)
	case opItem:
		d.item(b, fl, in.field, v)
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
	switch {
	case size != itemSize(f):
	case size == 16:
		d.setAddrs(b, fl, f, v[head:])
	default:
		d.setWords(b, fl, f, v[head:])
	}
}

// itemSize is how many bytes one item of a list takes.
func itemSize(f flow.Field) uint16 {
	switch f {
	case flow.FieldSRv6Segments:
		return 16
	case flow.FieldExtCommunities, flow.FieldSrcExtCommunities:
		return 8
	case flow.FieldLargeCommunities, flow.FieldSrcLargeCommunities:
		return 12
	}
	return 4
}

// item adds one to a list.
func (d *Decoder) item(b *flow.Batch, fl *flow.Flow, f flow.Field, v []byte) {
	switch n := itemSize(f); {
	case len(v) != int(n):
	case n == 16:
		old, _ := b.Addrs(fl, f)
		if at := copy(d.addrs[:], old); at < len(d.addrs) {
			d.addrs[at] = flow.Addr(v)
			b.SetAddrs(fl, f, d.addrs[:at+1])
		}
	default:
		old, _ := b.U32s(fl, f)
		if at := copy(d.words[:], old); at+int(n/4) <= len(d.words) {
			for ; len(v) > 0; v = v[4:] {
				d.words[at] = u32(v)
				at++
			}
			b.SetU32s(fl, f, d.words[:at])
		}
	}
}

// labelStack reads whole entries of a label stack: label, experimental bits,
// bottom of stack, time to live (RFC 3032).
func (d *Decoder) labelStack(b *flow.Batch, fl *flow.Flow, v []byte) {
	n := 0
	for ; len(v) >= 4 && n < len(d.rec.labels) && !d.rec.bottom; v = v[4:] {
		d.rec.pushLabel(uint8(n), uint64(u32(v)>>8))
		d.words[n] = uint32(v[3])
		n++
	}
	if n > 0 {
		b.SetU32s(fl, flow.FieldMPLSTTLs, d.words[:n])
	}
}

// segmentHeader reads a segment routing header (RFC 8754 2).
func (d *Decoder) segmentHeader(b *flow.Batch, fl *flow.Flow, f flow.Field, v []byte) {
	const head, routingType = 8, 4
	if len(v) < head || v[2] != routingType {
		return
	}
	b.SetSRv6SegmentsLeft(fl, v[3])
	b.SetSRv6Flags(fl, v[5])
	b.SetSRv6Tag(fl, u16(v[6:]))
	segments := v[head:]
	d.setAddrs(b, fl, f, segments[:min(len(segments), 16*(int(v[4])+1))])
}

// record is what is gathered while one record is decoded.
type record struct {
	sampling
	times

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
