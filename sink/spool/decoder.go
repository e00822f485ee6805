package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// errRecord: a record whose checksum is right makes no sense.
var errRecord = errors.New("the record makes no sense")

// decoder reads records. It belongs to one goroutine at a time.
type decoder struct {
	layout  *flow.Layout
	fields  map[string]flow.Field // 0 for a name that nothing here has
	lists   []uint32
	addrs   []flow.Addr
	flows   []*flow.Flow // those that have a field
	unknown uint64       // values of fields that are not known here
	refused uint64       // texts that the table of symbols refused
}

func newDecoder(l *flow.Layout) *decoder {
	return &decoder{layout: l, fields: map[string]flow.Field{}}
}

// begin returns how many flows a record holds, and the time of their batch.
func (d *decoder) begin(p []byte) (rows int, now int64, err error) {
	if len(p) < 10 {
		return 0, 0, errRecord
	}
	return int(binary.LittleEndian.Uint16(p)), int64(binary.LittleEndian.Uint64(p[2:])), nil
}

// fill adds the flows of a record to an empty batch that has room for them. After
// an error some fields are missing.
func (d *decoder) fill(p []byte, b *flow.Batch) error {
	rows, _, err := d.begin(p)
	if err != nil {
		return err
	}
	flows := b.Extend(&flow.Flow{}, rows)
	if len(flows) != rows {
		return fmt.Errorf("%w: %d flows", errRecord, rows)
	}
	r := reader{p: p[10:]}
	for len(r.p) > 0 && !r.bad {
		name := r.bytes(int(r.u8()))
		code := r.u8()
		body := reader{p: r.bytes(int(r.u32()))}
		if r.bad {
			break
		}
		d.field(&body, b, flows, name, code)
		if body.bad {
			return fmt.Errorf("%w: field %.64q", errRecord, name)
		}
	}
	if r.bad {
		return errRecord
	}
	return nil
}

// lookup finds a field by its name; 0 if there is none of that kind.
func (d *decoder) lookup(name []byte, code byte) flow.Field {
	f, ok := d.fields[string(name)]
	if !ok {
		f, _ = d.layout.Lookup(string(name))
		if len(d.fields) < 4096 {
			d.fields[string(name)] = f
		}
	}
	if info := d.layout.Info(f); f == 0 || info == nil || codes[info.Kind] != code {
		return 0
	}
	return f
}

func (d *decoder) field(r *reader, b *flow.Batch, flows []flow.Flow, name []byte, code byte) {
	d.flows = d.flows[:0]
	switch r.u8() {
	case allRows:
		for i := range flows {
			d.flows = append(d.flows, &flows[i])
		}
	case someRows:
		bits := r.bytes((len(flows) + 7) / 8)
		if r.bad {
			return
		}
		for i := range flows {
			if bits[i>>3]&(1<<(i&7)) != 0 {
				d.flows = append(d.flows, &flows[i])
			}
		}
	default:
		r.bad = true
		return
	}
	f := d.lookup(name, code)
	if f == 0 {
		d.unknown += uint64(len(d.flows))
		return
	}
	d.values(r, b, f, d.layout.Info(f).Kind)
	if len(r.p) > 0 {
		r.bad = true
	}
}

func (d *decoder) values(r *reader, b *flow.Batch, f flow.Field, kind flow.Kind) {
	switch kind {
	case flow.KindU8:
		for i, v := range r.bytes(len(d.flows)) {
			b.SetUint(d.flows[i], f, uint64(v))
		}
	case flow.KindU16:
		for _, fl := range d.flows {
			b.SetUint(fl, f, uint64(r.u16()))
		}
	case flow.KindU32:
		for _, fl := range d.flows {
			b.SetUint(fl, f, uint64(r.u32()))
		}
	case flow.KindU64, flow.KindTime, flow.KindMAC:
		for _, fl := range d.flows {
			b.SetUint(fl, f, r.u64())
		}
	case flow.KindAddr:
		for _, fl := range d.flows {
			b.SetAddr(fl, f, r.addr())
		}
	case flow.KindCountry, flow.KindSymbol, flow.KindText:
		for _, fl := range d.flows {
			if p := r.bytes(r.count(1)); !b.SetText(fl, f, text(p)) {
				d.refused++
			}
		}
	case flow.KindU32s:
		for _, fl := range d.flows {
			d.lists = d.lists[:0]
			for range r.count(4) {
				d.lists = append(d.lists, r.u32())
			}
			b.SetU32s(fl, f, d.lists)
		}
	case flow.KindAddrs:
		for _, fl := range d.flows {
			d.addrs = d.addrs[:0]
			for range r.count(16) {
				d.addrs = append(d.addrs, r.addr())
			}
			b.SetAddrs(fl, f, d.addrs)
		}
	}
}

// text views bytes as a string for the time of a call.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// reader takes values from the front of p. What is not there is zero, and bad says
// so.
type reader struct {
	p   []byte
	bad bool
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.p) {
		r.bad = true
		return nil
	}
	v := r.p[:n]
	r.p = r.p[n:]
	return v
}

func (r *reader) u8() byte {
	if p := r.bytes(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if p := r.bytes(2); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if p := r.bytes(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if p := r.bytes(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

func (r *reader) addr() (a flow.Addr) {
	copy(a[:], r.bytes(len(a)))
	return a
}

// count reads how many elements of a size follow.
func (r *reader) count(size int) int {
	n, used := binary.Uvarint(r.p)
	if used <= 0 || n > uint64(len(r.p)-used)/uint64(size) {
		r.bad = true
		return 0
	}
	r.p = r.p[used:]
	return int(n)
}
