package spool

import (
	"encoding/binary"

	"github.com/flowpipeline/pipeline/flow"
)

// A record holds flows field by field, so that it says itself what it holds: a
// program with another schema or other extensions reads what it knows of it.
//
//	record  rows u16, batch's time i64, fields
//	field   length u8 and name, kind u8, length u32 of what follows,
//	        presence: 1 for all rows, or 0 and a bit a row; values of those present
//
// Numbers are little-endian. Addresses take 16 bytes; a text is a varint and bytes;
// a list is a varint and its elements.

// codes are what stands for kinds in records. They never change.
var codes = [...]byte{
	flow.KindU8: 1, flow.KindU16: 2, flow.KindU32: 3, flow.KindU64: 4, flow.KindTime: 5, flow.KindAddr: 6,
	flow.KindMAC: 7, flow.KindCountry: 8, flow.KindSymbol: 9, flow.KindText: 10, flow.KindU32s: 11, flow.KindAddrs: 12,
}

const (
	allRows  = 1
	someRows = 0
)

// structFields are the fields of the Flow struct.
func structFields() (list []flow.Field) {
	for _, f := range flow.Fields() {
		if !f.IsColumn() {
			list = append(list, f)
		}
	}
	return list
}

// encoder writes records. It belongs to one goroutine at a time.
type encoder struct {
	fields  []flow.Field // of the struct
	columns []flow.Field
	rows    []uint16 // those that have a field
	bits    []byte
}

func newEncoder() *encoder { return &encoder{fields: structFields()} }

// append appends the record of some rows of b.
func (e *encoder) append(dst []byte, b *flow.Batch, rows []uint16) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(rows)))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(b.Now()))
	flows, _ := b.Raw()
	for _, f := range e.fields {
		e.begin(len(rows))
		for i, r := range rows {
			if flows[r].Has(f) {
				e.has(i, r)
			}
		}
		dst = e.field(dst, b, f, len(rows))
	}
	e.columns = b.Columns(e.columns[:0])
	for _, f := range e.columns {
		e.begin(len(rows))
		for i, r := range rows {
			if b.Has(&flows[r], f) {
				e.has(i, r)
			}
		}
		dst = e.field(dst, b, f, len(rows))
	}
	return dst
}

// begin begins to note who has a field.
func (e *encoder) begin(rows int) {
	e.rows = e.rows[:0]
	n := (rows + 7) / 8
	if cap(e.bits) < n {
		e.bits = make([]byte, n)
	}
	e.bits = e.bits[:n]
	clear(e.bits)
}

func (e *encoder) has(i int, row uint16) {
	e.bits[i>>3] |= 1 << (i & 7)
	e.rows = append(e.rows, row)
}

// field appends a field of those rows that have it.
func (e *encoder) field(dst []byte, b *flow.Batch, f flow.Field, rows int) []byte {
	if len(e.rows) == 0 {
		return dst
	}
	info := b.Layout().Info(f)
	dst = append(append(dst, byte(len(info.Name))), info.Name...)
	dst = append(dst, codes[info.Kind], 0, 0, 0, 0)
	begin := len(dst)
	if len(e.rows) == rows {
		dst = append(dst, allRows)
	} else {
		dst = append(append(dst, someRows), e.bits...)
	}
	dst = e.values(dst, b, f, info.Kind)
	binary.LittleEndian.PutUint32(dst[begin-4:], uint32(len(dst)-begin))
	return dst
}

func (e *encoder) values(dst []byte, b *flow.Batch, f flow.Field, kind flow.Kind) []byte {
	flows, _ := b.Raw()
	le := binary.LittleEndian
	switch kind {
	case flow.KindU8:
		for _, r := range e.rows {
			v, _ := b.Uint(&flows[r], f)
			dst = append(dst, byte(v))
		}
	case flow.KindU16:
		for _, r := range e.rows {
			v, _ := b.Uint(&flows[r], f)
			dst = le.AppendUint16(dst, uint16(v))
		}
	case flow.KindU32:
		for _, r := range e.rows {
			v, _ := b.Uint(&flows[r], f)
			dst = le.AppendUint32(dst, uint32(v))
		}
	case flow.KindU64, flow.KindTime, flow.KindMAC:
		for _, r := range e.rows {
			v, _ := b.Uint(&flows[r], f)
			dst = le.AppendUint64(dst, v)
		}
	case flow.KindAddr:
		for _, r := range e.rows {
			a, _ := b.Addr(&flows[r], f)
			dst = append(dst, a[:]...)
		}
	case flow.KindCountry, flow.KindSymbol, flow.KindText:
		for _, r := range e.rows {
			s, _ := b.Text(&flows[r], f)
			dst = append(binary.AppendUvarint(dst, uint64(len(s))), s...)
		}
	case flow.KindU32s:
		for _, r := range e.rows {
			list, _ := b.U32s(&flows[r], f)
			dst = binary.AppendUvarint(dst, uint64(len(list)))
			for _, v := range list {
				dst = le.AppendUint32(dst, v)
			}
		}
	case flow.KindAddrs:
		for _, r := range e.rows {
			list, _ := b.Addrs(&flows[r], f)
			dst = binary.AppendUvarint(dst, uint64(len(list)))
			for i := range list {
				dst = append(dst, list[i][:]...)
			}
		}
	}
	return dst
}
