package flow

import "unsafe"

// The functions here read and write a struct field that is known only at run
// time, through the offset in its FieldInfo. Offsets come from the compiler
// (unsafe.Offsetof in the generated table), kinds from the schema, so a read has
// the field's own type and size.

func fieldPtr(fl *Flow, f Field) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(fl), fieldInfos[f].offset)
}

func (fl *Flow) uint(f Field) uint64 {
	p := fieldPtr(fl, f)
	switch fieldInfos[f].Kind {
	case KindU8:
		return uint64(*(*uint8)(p))
	case KindU16:
		return uint64(*(*uint16)(p))
	case KindU32, KindSymbol:
		return uint64(*(*uint32)(p))
	case KindU64, KindTime:
		return *(*uint64)(p)
	case KindMAC:
		return (*(*MAC)(p)).Uint64()
	}
	return 0
}

func (fl *Flow) setUint(f Field, v uint64) {
	p := fieldPtr(fl, f)
	switch fieldInfos[f].Kind {
	case KindU8:
		*(*uint8)(p) = uint8(min(v, 1<<8-1))
	case KindU16:
		*(*uint16)(p) = uint16(min(v, 1<<16-1))
	case KindU32, KindSymbol:
		*(*uint32)(p) = uint32(min(v, 1<<32-1))
	case KindU64, KindTime:
		*(*uint64)(p) = v
	case KindMAC:
		*(*MAC)(p) = MACFromUint64(v)
	default:
		return
	}
	fl.mark(f)
}

func (fl *Flow) isZero(f Field) bool {
	switch fieldInfos[f].Kind {
	case KindAddr:
		return (*(*Addr)(fieldPtr(fl, f))).IsZero()
	case KindCountry:
		return *(*Country)(fieldPtr(fl, f)) == Country{}
	}
	return fl.uint(f) == 0
}

// Clear makes a field of the struct absent and its value zero.
func (fl *Flow) Clear(f Field) {
	if f == 0 || f >= firstColumn {
		return
	}
	switch p := fieldPtr(fl, f); fieldInfos[f].Kind {
	case KindAddr:
		*(*Addr)(p) = Addr{}
	case KindCountry:
		*(*Country)(p) = Country{}
	default:
		fl.setUint(f, 0)
	}
	fl.present[f>>6] &^= 1 << (f & 63)
}

// Uint returns the value of a numeric field, a MAC address or a symbol as a
// number, and whether it is present. A time is its nanoseconds in two's
// complement: int64 of it may be negative.
func (b *Batch) Uint(fl *Flow, f Field) (uint64, bool) {
	if f < firstColumn {
		return fl.uint(f), fl.Has(f) && isUint(fieldInfos[f].Kind)
	}
	switch c := b.used(f).(type) {
	case *vector[uint8]:
		return get(c, b.Index(fl), widen[uint8])
	case *vector[uint16]:
		return get(c, b.Index(fl), widen[uint16])
	case *vector[uint32]:
		return get(c, b.Index(fl), widen[uint32])
	case *vector[uint64]:
		return get(c, b.Index(fl), widen[uint64])
	case *vector[int64]:
		return get(c, b.Index(fl), widen[int64])
	case *vector[Symbol]:
		return get(c, b.Index(fl), widen[Symbol])
	case *vector[MAC]:
		return get(c, b.Index(fl), MAC.Uint64)
	}
	return 0, false
}

// SetUint sets a numeric field, a MAC address or a symbol. A number that does
// not fit becomes the greatest that does, except that a time takes the number as
// two's complement: from 1<<63 on it lies before the epoch. Other kinds are left
// alone.
func (b *Batch) SetUint(fl *Flow, f Field, v uint64) {
	if f < firstColumn {
		fl.setUint(f, v)
		return
	}
	i := b.Index(fl)
	switch b.kind(f) {
	case KindU8:
		ensure[uint8](b, f).set(i, uint8(min(v, 1<<8-1)))
	case KindU16:
		ensure[uint16](b, f).set(i, uint16(min(v, 1<<16-1)))
	case KindU32:
		ensure[uint32](b, f).set(i, uint32(min(v, 1<<32-1)))
	case KindU64:
		ensure[uint64](b, f).set(i, v)
	case KindTime:
		ensure[int64](b, f).set(i, int64(v))
	case KindSymbol:
		ensure[Symbol](b, f).set(i, Symbol(min(v, 1<<32-1)))
	case KindMAC:
		ensure[MAC](b, f).set(i, MACFromUint64(v))
	}
}

// Addr returns the value of an address field.
func (b *Batch) Addr(fl *Flow, f Field) (Addr, bool) {
	if f < firstColumn {
		if fieldInfos[f].Kind != KindAddr {
			return Addr{}, false
		}
		return *(*Addr)(fieldPtr(fl, f)), fl.Has(f)
	}
	return cell[Addr](b, fl, f)
}

// SetAddr sets an address field. Other kinds are left alone.
func (b *Batch) SetAddr(fl *Flow, f Field, v Addr) {
	switch {
	case b.kind(f) != KindAddr:
	case f < firstColumn:
		*(*Addr)(fieldPtr(fl, f)) = v
		fl.mark(f)
	default:
		setCell(b, fl, f, v)
	}
}

// Text returns the value of a text field, a country or a symbol. The bytes are
// the batch's: they are gone when it is released.
func (b *Batch) Text(fl *Flow, f Field) ([]byte, bool) {
	switch b.kind(f) {
	case KindText:
		t, ok := cell[Text](b, fl, f)
		return b.text(t), ok
	case KindSymbol:
		v, ok := b.Uint(fl, f)
		s := b.symbols.String(Symbol(v))
		return unsafe.Slice(unsafe.StringData(s), len(s)), ok
	case KindCountry:
		if f >= firstColumn {
			c, ok := cell[Country](b, fl, f)
			return []byte(c.String()), ok
		}
		c := (*Country)(fieldPtr(fl, f))
		if *c == (Country{}) {
			return nil, fl.Has(f)
		}
		return c[:], fl.Has(f)
	}
	return nil, false
}

// SetText sets a text field, copying text into the batch, or a country. A
// symbol is interned in the batch's table. Other kinds, and a text that is no
// country, are left alone and give false.
func (b *Batch) SetText(fl *Flow, f Field, text string) bool {
	switch b.kind(f) {
	case KindText:
		setCell(b, fl, f, b.AppendText(text))
	case KindSymbol:
		sym := b.symbols.Intern(text)
		if sym == 0 && text != "" {
			return false
		}
		b.SetUint(fl, f, uint64(sym))
	case KindCountry:
		c, ok := ParseCountry(text)
		if !ok {
			return false
		}
		if f >= firstColumn {
			setCell(b, fl, f, c)
			return true
		}
		*(*Country)(fieldPtr(fl, f)) = c
		fl.mark(f)
	default:
		return false
	}
	return true
}

// U32s returns the value of a field that is a list of numbers. The slice is the
// batch's.
func (b *Batch) U32s(fl *Flow, f Field) ([]uint32, bool) {
	l, ok := cell[List](b, fl, f)
	return b.list(l), ok
}

// SetU32s sets a field that is a list of numbers, copying it.
func (b *Batch) SetU32s(fl *Flow, f Field, v []uint32) {
	if b.kind(f) == KindU32s {
		setCell(b, fl, f, b.appendList(v))
	}
}

// Addrs returns the value of a field that is a list of addresses. The slice is
// the batch's.
func (b *Batch) Addrs(fl *Flow, f Field) ([]Addr, bool) {
	l, ok := cell[AddrList](b, fl, f)
	return b.addrList(l), ok
}

// SetAddrs sets a field that is a list of addresses, copying it.
func (b *Batch) SetAddrs(fl *Flow, f Field, v []Addr) {
	if b.kind(f) == KindAddrs {
		setCell(b, fl, f, b.appendAddrs(v))
	}
}

// Has reports whether a field of the struct or of a column is set.
func (b *Batch) Has(fl *Flow, f Field) bool {
	if f < firstColumn {
		return fl.Has(f)
	}
	c := b.used(f)
	return c != nil && c.present(b.Index(fl))
}

// Clear makes a field of the struct or of a column absent.
func (b *Batch) Clear(fl *Flow, f Field) {
	if f < firstColumn {
		fl.Clear(f)
	} else if c := b.used(f); c != nil {
		c.clear(b.Index(fl))
	}
}

// isUint reports whether Uint reads a kind.
func isUint(k Kind) bool { return k.IsNumber() || k == KindMAC || k == KindSymbol }

func widen[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int64](v T) uint64 { return uint64(v) }
