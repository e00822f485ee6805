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
	begin := len(dst)
	if dst = e.appendFields(dst, fl); len(dst) == begin {
		return append(dst, '{', '}')
	}
	dst[begin] = '{' // in place of the comma
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
					dst = append(append(dst, ','), members...)
				}
				continue
			}
		}
		dst = append(dst, c.key...)
		dst = e.appendColumn(dst, fl, c)
	}
	return dst
}

func (e *JSONEncoder) appendColumn(dst []byte, fl *flow.Flow, c *column) []byte {
	b := e.batch
	switch c.kind {
	case flow.KindText:
		s, _ := columnText(b, fl, c.field)
		return appendJSONString(dst, text(s))
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
		for i := range list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONAddr(dst, &list[i])
		}
		return append(dst, ']')
	case flow.KindSymbol:
		v, _ := b.Uint(fl, c.field)
		return appendJSONString(dst, e.symbols.String(flow.Symbol(v)))
	}
	dst, p := behind(dst)
	return dst[:len(dst)+e.putColumn(p, 0, fl, c)]
}

// putColumn writes what is no text and no list.
func (e *JSONEncoder) putColumn(p *room, n int, fl *flow.Flow, c *column) int {
	b := e.batch
	switch c.kind {
	case flow.KindAddr:
		a, _ := b.Addr(fl, c.field)
		return putJSONAddr(p, n, &a)
	case flow.KindCountry:
		v, _ := columnCountry(b, fl, c.field)
		return putJSONCountry(p, n, v)
	}
	v, _ := b.Uint(fl, c.field)
	switch c.kind {
	case flow.KindU64:
		return e.putU64(p, n, v)
	case flow.KindTime:
		return e.putTime(p, n, int64(v))
	case flow.KindMAC:
		return putJSONMAC(p, n, flow.MACFromUint64(v))
	}
	return putUint(p, n, v)
}

// key is the name of a member as it is written before its value. All have one size,
// since a copy of fixed size is faster than one of the right size.
type key [keyRoom]byte

func keyOf(text string) (k key) {
	copy(k[:], text)
	return k
}

func (e *JSONEncoder) putU64(p *room, n int, v uint64) int {
	if e.opts.Quote64 {
		return p.put(putUint(p, p.put(n, '"'), v), '"')
	}
	return putUint(p, n, v)
}

func (e *JSONEncoder) putTime(p *room, n int, v int64) int {
	if e.opts.Quote64 {
		return p.put(putInt(p, p.put(n, '"'), v), '"')
	}
	return putInt(p, n, v)
}

func putJSONAddr(p *room, n int, a *flow.Addr) int {
	return p.put(putAddr(p, p.put(n, '"'), a), '"')
}

func appendJSONAddr(dst []byte, a *flow.Addr) []byte {
	dst, p := behind(dst)
	return dst[:len(dst)+putJSONAddr(p, 0, a)]
}

func putJSONMAC(p *room, n int, m flow.MAC) int {
	return p.put(putMAC(p, p.put(n, '"'), m), '"')
}

func putJSONCountry(p *room, n int, c flow.Country) int {
	if c == (flow.Country{}) {
		return p.put(p.put(n, '"'), '"')
	}
	return len(appendJSONString(p.text[:n], string(c[:]))) // at most 14 bytes
}

// putJSONType writes the name of a value of the field type, or its number where
// it has no name.
func putJSONType(p *room, n int, v uint8) int {
	if int(v) < len(typeTexts) && typeTexts[v] != "" {
		return n + copy(p.text[n:], typeTexts[v])
	}
	return putOctet(p, n, v)
}
