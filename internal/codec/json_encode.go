package codec

import (
	"github.com/flowpipeline/pipeline/flow"
)

// Unknown holds the members of a JSON object that no field takes, as they were
// written: `"name":value` pairs joined by commas. A JSONDecoder fills it when it
// is told to, and a JSONEncoder writes it back as it is. It is no name of input:
// a member called that is one that no field takes.
var Unknown = flow.Extension[flow.Text](unknownName, flow.Doc("members of the JSON object that are no fields, as they were written"))

const unknownName = "unknown_json"

// JSONOptions say how a JSONEncoder writes.
type JSONOptions struct {
	// Quote64 writes 64-bit numbers and times as strings, as protojson does,
	// for readers whose numbers have 53 bits.
	Quote64 bool
}

// JSONEncoder writes flows as JSON objects: the schema's names, in its order,
// extensions behind. Addresses and the record's type are text, everything else
// that is a number stays one.
type JSONEncoder struct {
	opts    JSONOptions
	cols    columns
	batch   *flow.Batch
	symbols *flow.Symbols
	unknown flow.Field // what has the name of Unknown in the batch's layout, 0 for none
}

// NewJSONEncoder returns an encoder.
func NewJSONEncoder(opts JSONOptions) *JSONEncoder { return &JSONEncoder{opts: opts} }

// Begin prepares for the flows of b, whose layout is the same each time.
func (e *JSONEncoder) Begin(b *flow.Batch) {
	e.batch, e.symbols = b, b.Symbols()
	e.cols.begin(b)
	if l := b.Layout(); l != nil && e.unknown == 0 && e.cols.has(extensionRun) {
		e.unknown, _ = l.Lookup(unknownName)
	}
}

// AppendFlow appends the object of a flow of the batch that Begin was given.
func (e *JSONEncoder) AppendFlow(dst []byte, fl *flow.Flow) []byte {
	dst = append(dst, '{')
	dst = e.appendFields(dst, fl)
	if end := len(dst) - 1; dst[end] == ',' {
		dst[end] = '}'
		return dst
	}
	return append(dst, '}')
}

// AppendBatch appends a line for each selected flow of b.
func (e *JSONEncoder) AppendBatch(dst []byte, b *flow.Batch) []byte {
	e.Begin(b)
	flows, rows := b.Raw()
	for _, i := range rows {
		dst = append(e.AppendFlow(dst, &flows[i]), '\n')
	}
	return dst
}

func (e *JSONEncoder) appendColumns(dst []byte, fl *flow.Flow, run int) []byte {
	b := e.batch
	for i := range e.cols.runs[run] {
		c := &e.cols.runs[run][i]
		if !b.Has(fl, c.field) {
			continue
		}
		if c.field == e.unknown {
			if raw, ok := Unknown.Get(b, fl); ok { // else it is another of that name
				if members := b.Bytes(raw); len(members) > 0 {
					dst = append(append(dst, members...), ',')
				}
				continue
			}
		}
		dst = append(dst, c.key...)
		dst = append(e.appendColumn(dst, fl, c), ',')
	}
	return dst
}

func (e *JSONEncoder) appendColumn(dst []byte, fl *flow.Flow, c *column) []byte {
	b := e.batch
	switch c.kind {
	case flow.KindAddr:
		a, _ := b.Addr(fl, c.field)
		return appendJSONAddr(dst, a)
	case flow.KindText:
		s, _ := columnText(b, fl, c.field)
		return appendJSONString(dst, text(s))
	case flow.KindCountry:
		v, _ := columnCountry(b, fl, c.field)
		return appendJSONCountry(dst, v)
	case flow.KindU32s:
		list, _ := b.U32s(fl, c.field)
		dst = append(dst, '[')
		for i, v := range list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendUint(dst, uint64(v))
		}
		return append(dst, ']')
	case flow.KindAddrs:
		list, _ := b.Addrs(fl, c.field)
		dst = append(dst, '[')
		for i, v := range list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONAddr(dst, v)
		}
		return append(dst, ']')
	}
	v, _ := b.Uint(fl, c.field)
	switch c.kind {
	case flow.KindU64:
		return e.appendU64(dst, v)
	case flow.KindTime:
		return e.appendTime(dst, int64(v))
	case flow.KindMAC:
		return appendJSONMAC(dst, flow.MACFromUint64(v))
	case flow.KindSymbol:
		return appendJSONString(dst, e.symbols.String(flow.Symbol(v)))
	}
	return appendUint(dst, v)
}

func (e *JSONEncoder) appendU64(dst []byte, v uint64) []byte {
	if e.opts.Quote64 {
		return append(appendUint(append(dst, '"'), v), '"')
	}
	return appendUint(dst, v)
}

func (e *JSONEncoder) appendTime(dst []byte, v int64) []byte {
	if e.opts.Quote64 {
		return append(appendInt(append(dst, '"'), v), '"')
	}
	return appendInt(dst, v)
}

func appendJSONAddr(dst []byte, a flow.Addr) []byte {
	return append(appendAddr(append(dst, '"'), a), '"')
}

func appendJSONMAC(dst []byte, m flow.MAC) []byte {
	return append(appendMAC(append(dst, '"'), m), '"')
}

func appendJSONCountry(dst []byte, c flow.Country) []byte {
	if c == (flow.Country{}) {
		return append(dst, '"', '"')
	}
	if plain[c[0]] && plain[c[1]] {
		return append(dst, '"', c[0], c[1], '"')
	}
	return appendJSONString(dst, string(c[:]))
}

// appendJSONType appends the name of a value of the field type, or its number
// where it has no name.
func appendJSONType(dst []byte, v uint8) []byte {
	if int(v) < len(typeTexts) && typeTexts[v] != "" {
		return append(dst, typeTexts[v]...)
	}
	return appendUint(dst, uint64(v))
}
