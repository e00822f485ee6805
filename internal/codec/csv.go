package codec

import (
	"bytes"
	"errors"
	"fmt"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// CSVEncoder writes chosen fields of flows as comma-separated values (RFC 4180,
// with line feeds alone). An absent field is empty; lists are joined by spaces.
type CSVEncoder struct {
	names []string
	cols  []csvColumn
}

type csvColumn struct {
	field flow.Field
	kind  flow.Kind
	typ   bool // the record's type, written by name
}

// NewCSVEncoder returns an encoder for fields named as in JSON; without names
// for all fields of the Flow struct, in the schema's order.
func NewCSVEncoder(names ...string) *CSVEncoder {
	if len(names) == 0 {
		for _, f := range flow.Fields() {
			if !f.IsColumn() {
				names = append(names, f.String())
			}
		}
	}
	return &CSVEncoder{names: names}
}

// Bind looks the fields up. It must be called before anything is written. layout
// may be nil.
func (e *CSVEncoder) Bind(layout *flow.Layout) error {
	var errs []error
	e.cols = e.cols[:0]
	for _, name := range e.names {
		f, ok := layout.Lookup(name)
		if !ok {
			errs = append(errs, fmt.Errorf("no field %q", name))
			continue
		}
		e.cols = append(e.cols, csvColumn{field: f, kind: layout.Info(f).Kind, typ: f == flow.FieldType})
	}
	return errors.Join(errs...)
}

// AppendHeader appends the line of names.
func (e *CSVEncoder) AppendHeader(dst []byte) []byte {
	for i, name := range e.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, name...)
	}
	return append(dst, '\n')
}

// AppendBatch appends a line for each selected flow of b.
func (e *CSVEncoder) AppendBatch(dst []byte, b *flow.Batch) []byte {
	flows, rows := b.Raw()
	for _, i := range rows {
		dst = e.AppendFlow(dst, b, &flows[i])
	}
	return dst
}

// AppendFlow appends the line of one flow of b.
func (e *CSVEncoder) AppendFlow(dst []byte, b *flow.Batch, fl *flow.Flow) []byte {
	start := len(dst)
	for i := range e.cols {
		if i > 0 {
			dst = append(dst, ',')
		}
		if c := &e.cols[i]; b.Has(fl, c.field) {
			dst = c.append(dst, b, fl)
		}
	}
	if len(dst) == start && len(e.cols) == 1 {
		dst = append(dst, '"', '"') // an empty line would be no record
	}
	return append(dst, '\n')
}

func (c *csvColumn) append(dst []byte, b *flow.Batch, fl *flow.Flow) []byte {
	switch c.kind {
	case flow.KindAddr:
		a, _ := b.Addr(fl, c.field)
		return appendAddr(dst, a)
	case flow.KindText:
		s, _ := columnText(b, fl, c.field)
		return appendCSVText(dst, s)
	case flow.KindCountry:
		if c.field.IsColumn() {
			if v, _ := columnCountry(b, fl, c.field); v != (flow.Country{}) {
				return append(dst, v[:]...)
			}
			return dst
		}
		s, _ := b.Text(fl, c.field)
		return append(dst, s...)
	case flow.KindSymbol:
		v, _ := b.Uint(fl, c.field)
		s := b.Symbols().String(flow.Symbol(v))
		return appendCSVText(dst, unsafe.Slice(unsafe.StringData(s), len(s)))
	case flow.KindU32s:
		list, _ := b.U32s(fl, c.field)
		for i, v := range list {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = appendUint(dst, uint64(v))
		}
		return dst
	case flow.KindAddrs:
		list, _ := b.Addrs(fl, c.field)
		for i, v := range list {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = appendAddr(dst, v)
		}
		return dst
	}
	v, _ := b.Uint(fl, c.field)
	switch {
	case c.kind == flow.KindTime:
		return appendInt(dst, int64(v))
	case c.kind == flow.KindMAC:
		return appendMAC(dst, flow.MACFromUint64(v))
	case c.typ && v < uint64(len(typeTexts)) && typeTexts[v] != "":
		name := typeTexts[v]
		return append(dst, name[1:len(name)-1]...)
	}
	return appendUint(dst, v)
}

// appendCSVText appends a text, in quotes where RFC 4180 asks for them. A
// present but empty text is a pair of quotes.
func appendCSVText(dst, s []byte) []byte {
	if len(s) > 0 && !bytes.ContainsAny(s, ",\"\r\n") && s[0] != ' ' && s[len(s)-1] != ' ' {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for _, c := range s {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
