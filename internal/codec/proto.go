package codec

import (
	"encoding/binary"

	"github.com/flowpipeline/pipeline/flow"
)

// Wire types (protobuf encoding).
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// ProtoEncoder writes flows as protobuf messages.
type ProtoEncoder struct {
	cols    columns
	batch   *flow.Batch
	symbols *flow.Symbols
}

// NewProtoEncoder returns an encoder.
func NewProtoEncoder() *ProtoEncoder { return new(ProtoEncoder) }

// Begin prepares for the flows of b, whose layout is the same each time.
func (e *ProtoEncoder) Begin(b *flow.Batch) {
	e.batch, e.symbols = b, b.Symbols()
	e.cols.begin(b)
}

// AppendFlow appends the message of a flow of the batch that Begin was given.
func (e *ProtoEncoder) AppendFlow(dst []byte, fl *flow.Flow) []byte {
	return e.appendFields(dst, fl)
}

// AppendDelimited appends the message with its length in front.
func (e *ProtoEncoder) AppendDelimited(dst []byte, fl *flow.Flow) []byte {
	// Room for a length below 2^14 is left, which is enough for all but absurd
	// messages.
	const room = 2
	start := len(dst)
	dst = append(dst, 0, 0)
	dst = e.appendFields(dst, fl)
	n := len(dst) - start - room
	switch {
	case n < 1<<7:
		dst = append(dst[:start+1], dst[start+room:]...)
		dst[start] = byte(n)
	case n < 1<<14:
		dst[start], dst[start+1] = byte(n)|0x80, byte(n>>7)
	default:
		var length [binary.MaxVarintLen64]byte
		k := binary.PutUvarint(length[:], uint64(n))
		dst = append(dst, length[room:k]...)
		copy(dst[start+k:], dst[start+room:start+room+n])
		copy(dst[start:], length[:k])
	}
	return dst
}

// AppendBatch appends a message with its length for each selected flow of b.
func (e *ProtoEncoder) AppendBatch(dst []byte, b *flow.Batch) []byte {
	e.Begin(b)
	flows, rows := b.Raw()
	for _, i := range rows {
		dst = e.AppendDelimited(dst, &flows[i])
	}
	return dst
}

func (e *ProtoEncoder) appendColumns(dst []byte, fl *flow.Flow, run int) []byte {
	b := e.batch
	for i := range e.cols.runs[run] {
		c := &e.cols.runs[run][i]
		if b.Has(fl, c.field) {
			dst = e.appendColumn(dst, fl, c)
		}
	}
	return dst
}

func (e *ProtoEncoder) appendColumn(dst []byte, fl *flow.Flow, c *column) []byte {
	b := e.batch
	tag := uint64(c.num) << 3
	switch c.kind {
	case flow.KindAddr:
		a, _ := b.Addr(fl, c.field)
		return appendProtoAddr(appendVarint(dst, tag|wireBytes), &a)
	case flow.KindText:
		s, _ := columnText(b, fl, c.field)
		return appendProtoString(appendVarint(dst, tag|wireBytes), text(s))
	case flow.KindU32s:
		list, _ := b.U32s(fl, c.field)
		n := 0
		for _, v := range list {
			n += varintLen(uint64(v))
		}
		dst = appendVarint(appendVarint(dst, tag|wireBytes), uint64(n))
		for _, v := range list {
			dst = appendVarint(dst, uint64(v))
		}
		return dst
	case flow.KindAddrs:
		list, _ := b.Addrs(fl, c.field)
		for i := range list {
			dst = appendProtoAddr(appendVarint(dst, tag|wireBytes), &list[i])
		}
		return dst
	}
	v, _ := b.Uint(fl, c.field)
	if c.kind == flow.KindSymbol {
		return appendProtoString(appendVarint(dst, tag|wireBytes), e.symbols.String(flow.Symbol(v)))
	}
	return appendVarint(appendVarint(dst, tag|wireVarint), v)
}

func appendVarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

func varintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// appendProtoAddr appends a length and 4 or 16 bytes.
func appendProtoAddr(dst []byte, a *flow.Addr) []byte {
	if a.Is4() {
		return append(dst, 4, a[12], a[13], a[14], a[15])
	}
	return append(append(dst, 16), a[:]...)
}

func appendProtoCountry(dst []byte, c flow.Country) []byte {
	if c == (flow.Country{}) {
		return append(dst, 0)
	}
	return append(dst, 2, c[0], c[1])
}

func appendProtoString(dst []byte, s string) []byte {
	return append(appendVarint(dst, uint64(len(s))), s...)
}
