package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

type uints interface {
	uint8 | uint16 | uint32 | uint64
}

func (t *numberTerm) kernel(c *compiler) kernel {
	inStruct := !slices.ContainsFunc(t.subject.fields, flow.Field.IsColumn)
	switch {
	case !inStruct || t.named != nil:
	case t.kind == flow.KindU8:
		return newLeaf(newNumberKernel[uint8](t))
	case t.kind == flow.KindU16 || t.kind == flow.KindCountry && aligned(t.subject.fields):
		return newLeaf(newNumberKernel[uint16](t))
	case t.kind == flow.KindU32 || t.kind == flow.KindSymbol:
		return newLeaf(newNumberKernel[uint32](t))
	case t.kind == flow.KindU64 || t.kind == flow.KindTime:
		return newLeaf(newNumberKernel[uint64](t))
	}
	return newLeaf(&gatherKernel{numberTerm: *t, ref: c.ref(t.named)})
}

// aligned reports whether a field of two bytes can be read as one number on every
// machine.
func aligned(fields []flow.Field) bool {
	return !slices.ContainsFunc(fields, func(f flow.Field) bool { return offsets[f]%2 != 0 })
}

// numberKernel tests fields of the struct that are T wide.
type numberKernel[T uints] struct {
	numberTerm
	offs  []uintptr
	lo, w T        // when the set is one span: its beginning and its width
	bits  []uint64 // a bit for each number, when there are few enough
	flip  uint8
}

func newNumberKernel[T uints](t *numberTerm) *numberKernel[T] {
	k := &numberKernel[T]{numberTerm: *t, flip: flip(t.neg)}
	for _, f := range t.subject.fields {
		k.offs = append(k.offs, offsets[f])
	}
	most := uint64(^T(0))
	switch {
	case len(t.set) == 1:
		k.lo, k.w = T(t.set[0].lo), T(min(t.set[0].hi, most)-t.set[0].lo)
	case most <= 1<<16:
		k.bits = make([]uint64, most/64+1)
		for _, s := range t.set {
			for v := s.lo; v <= min(s.hi, most); v++ {
				k.bits[v/64] |= 1 << (v % 64)
			}
		}
	}
	return k
}

func (k *numberKernel[T]) mark(b *flow.Batch, in []uint16, m []uint8) {
	m = m[:len(in)]
	switch {
	case len(k.set) == 1:
		k.markSpan(b, in, m)
	case k.bits != nil:
		k.markBits(b, in, m)
	default:
		k.markSearch(b, in, m)
	}
}

// narrow implements narrower for one field, or any of two.
func (k *numberKernel[T]) narrow(b *flow.Batch, in, out []uint16) (n int, ok bool) {
	if len(k.offs) > 2 || len(k.offs) == 2 && k.all {
		return 0, false
	}
	base, lo, w, bits, flip := first(b), k.lo, k.w, k.bits, int(k.flip)
	x, y := k.offs[0], k.offs[len(k.offs)-1]
	switch {
	case len(k.set) == 1 && x == y:
		for _, r := range in {
			out[n] = r
			n += int(bit(at[T](base, r, x)-lo <= w)) ^ flip
		}
	case len(k.set) == 1:
		for _, r := range in {
			out[n] = r
			n += int(bit(min(at[T](base, r, x)-lo, at[T](base, r, y)-lo) <= w)) ^ flip
		}
	case bits != nil:
		for _, r := range in {
			u, v := uint64(at[T](base, r, x)), uint64(at[T](base, r, y))
			out[n] = r
			n += int((bits[u/64]>>(u%64)|bits[v/64]>>(v%64))&1) ^ flip
		}
	default:
		return 0, false
	}
	return n, true
}

// markSpan tests lo ≤ v ≤ lo+w as v-lo ≤ w: a smaller v wraps to a number above
// w. Of several values the least difference tells of any, the greatest of all.
func (k *numberKernel[T]) markSpan(b *flow.Batch, in []uint16, m []uint8) {
	base, lo, w, flip := first(b), k.lo, k.w, k.flip
	x := k.offs[0]
	switch {
	case len(k.offs) == 1:
		for i, r := range in {
			m[i] |= bit(at[T](base, r, x)-lo <= w) ^ flip
		}
	case len(k.offs) == 2 && !k.all:
		y := k.offs[1]
		for i, r := range in {
			m[i] |= bit(min(at[T](base, r, x)-lo, at[T](base, r, y)-lo) <= w) ^ flip
		}
	case !k.all:
		for i, r := range in {
			d := at[T](base, r, x) - lo
			for _, y := range k.offs[1:] {
				d = min(d, at[T](base, r, y)-lo)
			}
			m[i] |= bit(d <= w) ^ flip
		}
	default:
		for i, r := range in {
			d := at[T](base, r, x) - lo
			for _, y := range k.offs[1:] {
				d = max(d, at[T](base, r, y)-lo)
			}
			m[i] |= bit(d <= w) ^ flip
		}
	}
}

// markBits looks the value up in a bitmap.
func (k *numberKernel[T]) markBits(b *flow.Batch, in []uint16, m []uint8) {
	base, flip := first(b), k.flip
	x := k.offs[0]
	bits := k.bits
	look := func(v T) uint8 { return uint8(bits[uint64(v)/64]>>(uint64(v)%64)) & 1 }
	switch {
	case len(k.offs) == 1:
		for i, r := range in {
			m[i] |= look(at[T](base, r, x)) ^ flip
		}
	case len(k.offs) == 2 && !k.all:
		y := k.offs[1]
		for i, r := range in {
			m[i] |= (look(at[T](base, r, x)) | look(at[T](base, r, y))) ^ flip
		}
	default:
		for i, r := range in {
			hit := bit(k.all)
			for _, y := range k.offs {
				if k.all {
					hit &= look(at[T](base, r, y))
				} else {
					hit |= look(at[T](base, r, y))
				}
			}
			m[i] |= hit ^ flip
		}
	}
}

// markSearch looks the value up in the sorted spans.
func (k *numberKernel[T]) markSearch(b *flow.Batch, in []uint16, m []uint8) {
	base := first(b)
	for i, r := range in {
		hit := k.all
		for _, y := range k.offs {
			if k.set.has(uint64(at[T](base, r, y))) != k.all {
				hit = !k.all
				break
			}
		}
		m[i] |= bit(hit) ^ k.flip
	}
}

func (k *numberKernel[T]) explain(sb *strings.Builder, indent string) {
	way := "a search"
	switch {
	case len(k.set) == 1:
		way = "one comparison"
	case k.bits != nil:
		way = "a bitmap"
	}
	k.describe(sb, indent, way)
}

func (t *numberTerm) describe(sb *strings.Builder, indent, way string) {
	verb := "in"
	if t.neg {
		verb = "not in"
	}
	var what string
	switch {
	case t.named != nil:
		what = "@" + t.named.name
	case len(t.set) > 8:
		what = fmt.Sprintf("%d ranges", len(t.set))
	default:
		var vals []string
		for _, s := range t.set {
			v := t.value(s.lo)
			if s.hi > s.lo {
				v += "-" + t.value(s.hi)
			}
			vals = append(vals, v)
		}
		what = "{" + strings.Join(vals, " ") + "}"
	}
	fmt.Fprintf(sb, "%s%v %s %s: %s\n", indent, t.subject, verb, what, way)
}

// gatherKernel tests columns, and kinds without a width of their own: it collects
// the values first.
type gatherKernel struct {
	numberTerm
	ref  *setRef // nil if the set has no name
	vals []uint64
	hits []uint8
}

func (k *gatherKernel) mark(b *flow.Batch, in []uint16, m []uint8) {
	set := k.set
	if k.ref != nil {
		set = k.ref.now.numbersFor(k.kind)
	}
	k.hits = slices.Grow(k.hits[:0], len(in))[:len(in)]
	for i := range k.hits {
		k.hits[i] = bit(k.all)
	}
	for _, f := range k.subject.fields {
		k.vals = gather(k.vals, b, in, f, k.kind)
		for i, v := range k.vals {
			switch hit := bit(set.has(v)); {
			case k.all:
				k.hits[i] &= hit
			default:
				k.hits[i] |= hit
			}
		}
	}
	flip := flip(k.neg)
	for i, hit := range k.hits {
		m[i] |= hit ^ flip
	}
}

func (k *gatherKernel) explain(sb *strings.Builder, indent string) {
	k.describe(sb, indent, "values collected from columns, a search")
}

// gather returns the values of a field for rows, 0 where it is absent.
func gather(vals []uint64, b *flow.Batch, in []uint16, f flow.Field, kind flow.Kind) []uint64 {
	vals = slices.Grow(vals[:0], len(in))[:len(in)]
	clear(vals)
	if !f.IsColumn() {
		flows, _ := b.Raw()
		for i, r := range in {
			vals[i] = number(b, &flows[r], f, kind)
		}
		return vals
	}
	switch kind {
	case flow.KindU8:
		gatherColumn(vals, b, in, f, func(v uint8) uint64 { return uint64(v) })
	case flow.KindU16:
		gatherColumn(vals, b, in, f, func(v uint16) uint64 { return uint64(v) })
	case flow.KindU32:
		gatherColumn(vals, b, in, f, func(v uint32) uint64 { return uint64(v) })
	case flow.KindU64:
		gatherColumn(vals, b, in, f, func(v uint64) uint64 { return v })
	case flow.KindTime:
		gatherColumn(vals, b, in, f, func(v int64) uint64 { return uint64(v) })
	case flow.KindSymbol:
		gatherColumn(vals, b, in, f, func(v flow.Symbol) uint64 { return uint64(v) })
	case flow.KindMAC:
		gatherColumn(vals, b, in, f, flow.MAC.Uint64)
	case flow.KindCountry:
		gatherColumn(vals, b, in, f, countryNumber)
	}
	return vals
}

func gatherColumn[T flow.Value](vals []uint64, b *flow.Batch, in []uint16, f flow.Field, conv func(T) uint64) {
	col, has := flow.Column[T](b, f)
	if col == nil {
		return
	}
	for i, r := range in {
		if has[r] {
			vals[i] = conv(col[r])
		}
	}
}
