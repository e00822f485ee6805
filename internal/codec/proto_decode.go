package codec

import (
	"errors"
	"fmt"
	"math"

	"github.com/flowpipeline/pipeline/flow"
)

// verdict says what became of a field of the wire.
type verdict uint8

const (
	done verdict = iota
	notHere
	tooBig
)

// protoField says what a protobuf number stands for.
type protoField struct {
	num   uint32
	field flow.Field
	kind  flow.Kind
	fold  uint8 // 1 + index in foldedFields, 0 for none
}

// maxProtoNum is above every number of the table.
const maxProtoNum = 4096

// ErrWireType: a field came with another wire type than its own.
var ErrWireType = errors.New("wrong wire type")

// ProtoDecoder reads flows from protobuf messages: goflow2's FlowMessage,
// flowpipeline's EnrichedFlow and this library's own.
type ProtoDecoder struct {
	quota   *flow.Quota
	byNum   [maxProtoNum]uint16 // 1 + index in protoFields
	unknown uint64
	folds   foldState

	lists  []protoList
	listOf [len(protoFields) + 1]uint8 // index in lists, by byNum
	open   []*protoList                // those that the message has
}

// protoList gathers the elements of one repeated field, which may come in any
// number of pieces with other fields in between.
type protoList struct {
	field flow.Field
	open  bool
	nums  []uint32
	addrs []flow.Addr
}

// NewProtoDecoder returns a decoder that interns symbols through quota.
func NewProtoDecoder(quota *flow.Quota) *ProtoDecoder {
	d := &ProtoDecoder{quota: quota}
	for i, f := range protoFields {
		d.byNum[f.num] = uint16(i + 1)
		if f.kind == flow.KindU32s || f.kind == flow.KindAddrs {
			d.listOf[i+1] = uint8(len(d.lists))
			d.lists = append(d.lists, protoList{field: f.field})
		}
	}
	d.open = make([]*protoList, 0, len(d.lists))
	return d
}

// Unknown returns how many fields of messages no field of the schema took.
func (d *ProtoDecoder) Unknown() uint64 { return d.unknown }

// Refused returns how many texts the quota of symbols refused; their fields are
// absent.
func (d *ProtoDecoder) Refused() uint64 { return d.quota.Refused() }

// Decode reads a message into fl, a fresh flow of b. The error is an *Error; fl
// is then half filled.
func (d *ProtoDecoder) Decode(msg []byte, b *flow.Batch, fl *flow.Flow) error {
	d.folds.set = 0
	d.closeLists()
	for i := 0; i < len(msg); {
		start := i
		tag, next, err := varint(msg, i)
		if err != nil {
			return &Error{Offset: i, Err: err}
		}
		i = next
		num := uint32(tag >> 3)
		if tag>>3 == 0 || tag > math.MaxUint32 {
			return &Error{Offset: start, Err: fmt.Errorf("%w: field number %d", ErrSyntax, tag>>3)}
		}
		switch tag & 7 {
		case wireVarint:
			v, next, err := varint(msg, i)
			if err != nil {
				return &Error{Offset: i, Err: err}
			}
			i = next
			switch setVarint(fl, num, v) {
			case tooBig:
				return &Error{Offset: start, Field: d.name(num), Err: fmt.Errorf("%w: %d", ErrRange, v)}
			case notHere:
				if err := d.number(b, fl, num, v); err != nil {
					return &Error{Offset: start, Field: d.name(num), Err: err}
				}
			}
		case wireBytes:
			n, next, err := varint(msg, i)
			if err != nil {
				return &Error{Offset: i, Err: err}
			}
			if n > uint64(len(msg)-next) {
				return &Error{Offset: start, Field: d.name(num), Err: ErrTruncated}
			}
			data := msg[next : next+int(n)]
			i = next + int(n)
			switch setAddr(fl, num, data) {
			case tooBig:
				return &Error{Offset: start, Field: d.name(num), Err: badAddr(data)}
			case notHere:
				if err := d.bytes(b, fl, num, data); err != nil {
					return &Error{Offset: start, Field: d.name(num), Err: err}
				}
			}
		case wireFixed64, wireFixed32:
			n := 8
			if tag&7 == wireFixed32 {
				n = 4
			}
			if d.field(num) != nil {
				return &Error{Offset: start, Field: d.name(num), Err: ErrWireType}
			}
			if n > len(msg)-i {
				return &Error{Offset: start, Err: ErrTruncated}
			}
			i += n
			d.unknown++
		default:
			return &Error{Offset: start, Err: fmt.Errorf("%w: wire type %d", ErrSyntax, tag&7)}
		}
	}
	d.setLists(b, fl)
	d.folds.apply(b, fl)
	return nil
}

// varint reads the number at p[i]. Most numbers take a byte or two, and this
// much is inlined.
func varint(p []byte, i int) (v uint64, next int, err error) {
	if i+1 < len(p) {
		if p[i] < 0x80 {
			return uint64(p[i]), i + 1, nil
		}
		if p[i+1] < 0x80 {
			return uint64(p[i]&0x7f) | uint64(p[i+1])<<7, i + 2, nil
		}
	}
	return longVarint(p, i)
}

func longVarint(p []byte, i int) (v uint64, next int, err error) {
	for shift := 0; i < len(p); shift += 7 {
		c := p[i]
		i++
		if shift == 63 && c > 1 {
			return 0, i, fmt.Errorf("%w: a varint of more than 64 bits", ErrSyntax)
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, i, nil
		}
	}
	return 0, i, ErrTruncated
}

// field returns what num stands for, nil for nothing.
func (d *ProtoDecoder) field(num uint32) *protoField {
	if num < maxProtoNum && d.byNum[num] > 0 {
		return &protoFields[d.byNum[num]-1]
	}
	return nil
}

func (d *ProtoDecoder) name(num uint32) string {
	f := d.field(num)
	switch {
	case f == nil:
		return fmt.Sprint(num)
	case f.fold > 0:
		return foldedFields[f.fold-1].name
	}
	return f.field.String()
}

// number sets a column, a list or a folded field from a varint.
func (d *ProtoDecoder) number(b *flow.Batch, fl *flow.Flow, num uint32, v uint64) error {
	f := d.field(num)
	if f == nil {
		d.unknown++
		return nil
	}
	limit := uint64(math.MaxUint64)
	switch f.kind {
	case flow.KindU8:
		limit = math.MaxUint8
	case flow.KindU16:
		limit = math.MaxUint16
	case flow.KindU32, flow.KindU32s:
		limit = math.MaxUint32
	case flow.KindMAC:
		limit = 1<<48 - 1
	case flow.KindU64, flow.KindTime:
	default:
		return ErrWireType
	}
	if v > limit {
		return fmt.Errorf("%w: %d", ErrRange, v)
	}
	switch {
	case f.fold > 0:
		if !d.folds.number(int(f.fold)-1, v) {
			return fmt.Errorf("%w: %d", ErrRange, v)
		}
	case f.kind == flow.KindU32s:
		return d.list(num).add(uint32(v))
	default:
		b.SetUint(fl, f.field, v)
	}
	return nil
}

// list returns what gathers a repeated field.
func (d *ProtoDecoder) list(num uint32) *protoList {
	l := &d.lists[d.listOf[d.byNum[num]]]
	if !l.open {
		l.open, l.nums, l.addrs = true, l.nums[:0], l.addrs[:0]
		d.open = append(d.open, l)
	}
	return l
}

// setLists puts what was gathered in place.
func (d *ProtoDecoder) setLists(b *flow.Batch, fl *flow.Flow) {
	for _, l := range d.open { // each has one of the two kinds
		b.SetU32s(fl, l.field, l.nums)
		b.SetAddrs(fl, l.field, l.addrs)
	}
	d.closeLists()
}

func (d *ProtoDecoder) closeLists() {
	for _, l := range d.open {
		l.open = false
	}
	d.open = d.open[:0]
}

func (l *protoList) add(v uint32) error {
	if len(l.nums) == maxList {
		return errList
	}
	l.nums = append(l.nums, v)
	return nil
}

func (l *protoList) addAddr(a flow.Addr) error {
	if len(l.addrs) == maxList {
		return errList
	}
	l.addrs = append(l.addrs, a)
	return nil
}

// bytes sets a field other than an address of the struct from bytes.
func (d *ProtoDecoder) bytes(b *flow.Batch, fl *flow.Flow, num uint32, data []byte) error {
	f := d.field(num)
	if f == nil {
		d.unknown++
		return nil
	}
	switch f.kind {
	case flow.KindSymbol:
		sym, ok := d.quota.Intern(data)
		if !ok {
			b.Clear(fl, f.field)
			return nil
		}
		b.SetUint(fl, f.field, uint64(sym))
	case flow.KindText:
		b.SetText(fl, f.field, text(data))
	case flow.KindCountry:
		c, ok := flow.ParseCountry(text(data))
		switch {
		case !ok:
			return fmt.Errorf("%w: %.50q is no country", ErrValue, data)
		case f.fold > 0:
			d.folds.country(int(f.fold)-1, c)
		default:
			b.SetText(fl, f.field, text(data))
		}
	case flow.KindAddr, flow.KindAddrs:
		return d.address(b, fl, f, num, data)
	case flow.KindU32s:
		return d.list(num).packed(data)
	default:
		return ErrWireType
	}
	return nil
}

func (d *ProtoDecoder) address(b *flow.Batch, fl *flow.Flow, f *protoField, num uint32, data []byte) error {
	if len(data) == 0 && f.kind == flow.KindAddr {
		return nil
	}
	a, ok := flow.AddrFromSlice(data)
	switch {
	case !ok:
		return badAddr(data)
	case f.fold > 0:
		d.folds.address(int(f.fold)-1, a)
	case f.kind == flow.KindAddrs:
		return d.list(num).addAddr(a)
	default:
		b.SetAddr(fl, f.field, a)
	}
	return nil
}

func (l *protoList) packed(data []byte) error {
	for i := 0; i < len(data); {
		v, next, err := varint(data, i)
		switch {
		case err != nil:
			return err
		case v > math.MaxUint32:
			return fmt.Errorf("%w: %d", ErrRange, v)
		}
		if err := l.add(uint32(v)); err != nil {
			return err
		}
		i = next
	}
	return nil
}

func badAddr(data []byte) error {
	return fmt.Errorf("%w: an address of %d bytes", ErrValue, len(data))
}
