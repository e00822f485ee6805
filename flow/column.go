package flow

import (
	"iter"
	"math/bits"
)

// Text is a text in a batch's arena; Batch.Bytes reads it. The zero value is
// the empty text.
type Text struct{ off, len uint32 }

// List is a list of numbers in a batch's arena.
type List struct{ off, len uint32 }

// AddrList is a list of addresses in a batch's arena.
type AddrList struct{ off, len uint32 }

// Value is what a column can hold.
type Value interface {
	uint8 | uint16 | uint32 | uint64 | int64 | Addr | MAC | Country | Symbol | Text | List | AddrList
}

// vector is one column: a value and its presence for each row. Presence is a
// bool a row and not a bit, so that the holders of different rows (arms of a
// branch, retained views, partitions) touch different memory.
type vector[T Value] struct {
	vals []T
	has  []bool
}

// vectorer is a vector of any type.
type vectorer interface {
	present(i int) bool
	clear(i int)
	reset(n int)
	poison(n int)
	copyRow(dst *Batch, f Field, to int, src *Batch, from int)
}

func (v *vector[T]) present(i int) bool { return v.has[i] }

func (v *vector[T]) clear(i int) { v.has[i] = false }

func (v *vector[T]) reset(n int) { clear(v.has[:n]) }

func (v *vector[T]) set(i int, x T) {
	v.vals[i] = x
	v.has[i] = true
}

func (v *vector[T]) copyRow(dst *Batch, f Field, to int, src *Batch, from int) {
	if !v.has[from] {
		return
	}
	x := v.vals[from]
	switch p := any(&x).(type) {
	case *Text:
		off := len(dst.bytes)
		dst.bytes = append(dst.bytes, src.text(*p)...)
		p.off = uint32(off)
	case *List:
		*p = dst.appendList(src.list(*p))
	case *AddrList:
		*p = dst.appendAddrs(src.addrList(*p))
	}
	ensure[T](dst, f).set(to, x)
}

// liveSet says which columns are in use.
type liveSet [8]uint64

const maxColumns = 8 * 64

func (s *liveSet) has(i int) bool { return s[i>>6]&(1<<(i&63)) != 0 }
func (s *liveSet) add(i int)      { s[i>>6] |= 1 << (i & 63) }

func (s *liveSet) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, set := range s {
			for ; set != 0; set &= set - 1 {
				if !yield(w<<6 + bits.TrailingZeros64(set)) {
					return
				}
			}
		}
	}
}

// used returns the column of f, and nil when nobody wrote it.
func (b *Batch) used(f Field) vectorer {
	i := int(f) - int(firstColumn)
	if i < 0 || i >= len(b.cols) || !b.live.has(i) {
		return nil
	}
	return b.cols[i]
}

// ensure returns the column of f, putting it to use.
func ensure[T Value](b *Batch, f Field) *vector[T] {
	i := int(f) - int(firstColumn)
	v, _ := b.cols[i].(*vector[T])
	if b.live.has(i) {
		return v
	}
	if v == nil {
		v = &vector[T]{vals: make([]T, len(b.flows)), has: make([]bool, len(b.flows))}
		b.cols[i] = v
	}
	b.live.add(i)
	return v
}

// get reads a value as another type. An absent one is zero, whatever the row
// held before.
func get[T, U Value](v *vector[T], i int, conv func(T) U) (val U, ok bool) {
	if !v.has[i] {
		return val, false
	}
	return conv(v.vals[i]), true
}

// cell reads a column's value for one flow; false when it is absent or of
// another type.
func cell[T Value](b *Batch, fl *Flow, f Field) (val T, ok bool) {
	v, _ := b.used(f).(*vector[T])
	if v == nil {
		return val, false
	}
	if i := b.Index(fl); v.has[i] {
		return v.vals[i], true
	}
	return val, false
}

func setCell[T Value](b *Batch, fl *Flow, f Field, x T) {
	ensure[T](b, f).set(b.Index(fl), x)
}

// Column returns the values and the presence of a column by row, for loops
// without a call per flow; nil when no stage wrote it or T is not its type. The
// types are the schema's: uint8 to uint64, int64 for times, Addr, MAC, Country,
// Symbol, Text, List and AddrList.
func Column[T Value](b *Batch, f Field) (vals []T, has []bool) {
	v, _ := b.used(f).(*vector[T])
	if v == nil {
		return nil, nil
	}
	return v.vals[:b.n], v.has[:b.n]
}

// WriteColumn returns what Column does of a column to write, putting it to use;
// nil when f is no column or T is not its type. A value counts where its presence
// is true.
func WriteColumn[T Value](b *Batch, f Field) (vals []T, has []bool) {
	if !f.IsColumn() || b.kind(f) != kindOf[T]() {
		return nil, nil
	}
	v := ensure[T](b, f)
	return v.vals[:b.n], v.has[:b.n]
}
