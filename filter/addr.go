package filter

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// addrs tests whether addresses lie in a set of prefixes. Absent addresses lie in
// none.
type addrs struct {
	subject
	set   *addrSet
	named *Set // in place of set
}

func (a *addrs) prefixes() *addrSet {
	if a.named != nil {
		return a.named.load().addrs
	}
	return a.set
}

func (a *addrs) match(b *flow.Batch, fl *flow.Flow) bool {
	return a.matchSet(b, fl, a.prefixes())
}

func (a *addrs) matchSet(b *flow.Batch, fl *flow.Flow, set *addrSet) bool {
	return a.holds(func(f flow.Field) bool {
		addr, ok := addrOf(b, fl, f)
		return ok && set.has(&addr)
	})
}

func addrOf(b *flow.Batch, fl *flow.Flow, f flow.Field) (flow.Addr, bool) {
	if f.IsColumn() && b == nil {
		return flow.Addr{}, false
	}
	return b.Addr(fl, f)
}

func (a *addrs) fields(add func(flow.Field)) { addAll(a.subject, add) }

func (a *addrs) text(sb *strings.Builder, inside precedence) {
	if len(a.subject.fields) > 1 {
		a.each(func(s subject) node { return &addrs{s, a.set, a.named} }).text(sb, inside)
		return
	}
	name := a.subject.fields[0].String()
	if a.named != nil {
		fmt.Fprintf(sb, "%s in @%s", name, a.named.name)
		return
	}
	fmt.Fprintf(sb, "%s in [", name)
	for i, p := range a.set.prefixes() {
		if i > 0 {
			sb.WriteByte(' ')
		}
		sb.WriteString(p.String())
	}
	sb.WriteByte(']')
}

// prefixes returns the set as the fewest prefixes.
func (s *addrSet) prefixes() []netip.Prefix {
	var ps []netip.Prefix
	for _, sp := range s.spans {
		for lo := sp.lo; ; {
			bits := 128
			last := lo
			for bits > 0 {
				next := lo
				mask := hostMask(bits - 1)
				if lo.hi&mask.hi != 0 || lo.lo&mask.lo != 0 || lo.is4() && bits == 96 {
					break
				}
				next.hi |= mask.hi
				next.lo |= mask.lo
				if sp.hi.less(next) {
					break
				}
				bits, last = bits-1, next
			}
			ps = append(ps, prefixOf(lo, bits))
			if !last.less(sp.hi) {
				break
			}
			lo = last.next()
		}
	}
	return ps
}

// hostMask has the bits set that a prefix of the given length leaves open.
func hostMask(bits int) wide {
	if bits < 64 {
		return wide{^uint64(0) >> bits, ^uint64(0)}
	}
	if bits == 128 {
		return wide{}
	}
	return wide{0, ^uint64(0) >> (bits - 64)}
}

func prefixOf(w wide, bits int) netip.Prefix {
	var a [16]byte
	for i := range 8 {
		a[i] = byte(w.hi >> (56 - 8*i))
		a[8+i] = byte(w.lo >> (56 - 8*i))
	}
	ip := netip.AddrFrom16(a)
	if w.is4() {
		return netip.PrefixFrom(ip.Unmap(), bits-96)
	}
	return netip.PrefixFrom(ip, bits)
}

func (a *addrs) normal(_ *flow.Layout, neg bool) (term, error) {
	if a.named == nil && a.set.empty() {
		return constant(neg), nil
	}
	return &addrTerm{*a, neg}, nil
}

type addrTerm struct {
	addrs
	neg bool
}

func (t *addrTerm) absorb(other test, op operator) term {
	o, ok := other.(*addrTerm)
	if !ok || t.named != nil || o.named != nil || !t.same(o.subject) || t.neg != o.neg {
		return nil
	}
	if t.all && len(t.subject.fields) > 1 || op == opOr == t.neg {
		return nil
	}
	joined := *t
	joined.set = t.set.union(o.set)
	return &joined
}

func (t *addrTerm) key() string {
	if t.named != nil {
		return fmt.Sprintf("addr %d %v @%p %v", t.subject.fields, t.all, t.named, t.neg)
	}
	return fmt.Sprintf("addr %d %v %v %v", t.subject.fields, t.all, t.set.spans, t.neg)
}

func (t *addrTerm) cost() (ns, share float64) {
	n := 1
	if t.named == nil {
		n = len(t.set.spans)
	}
	ns = 0.7 + 0.6*float64(len(t.subject.fields))
	if t.named != nil || n > 1 {
		ns += float64(len(t.subject.fields)) * (2 + math.Log2(float64(n+1)))
	}
	if t.subject.fields[0].IsColumn() {
		ns += 4
	}
	share = min(0.02*float64(n*len(t.subject.fields)), 0.5)
	if t.neg {
		share = 1 - share
	}
	return ns, share
}

func (t *addrTerm) kernel(c *compiler) kernel {
	if slices.ContainsFunc(t.subject.fields, flow.Field.IsColumn) {
		return newLeaf(&addrRows{addrTerm: *t, ref: c.ref(t.named)})
	}
	k := &addrKernel{addrTerm: *t, ref: c.ref(t.named), flip: flip(t.neg)}
	for _, f := range t.subject.fields {
		k.offs = append(k.offs, offsets[f])
	}
	if t.named == nil && !t.set.holdsZero() {
		k.mask, k.value, k.one = t.set.single()
	}
	return newLeaf(k)
}

// addrRows tests addresses in columns.
type addrRows struct {
	addrTerm
	ref *setRef // nil if the set has no name
}

func (k *addrRows) mark(b *flow.Batch, in []uint16, m []uint8) {
	flows, _ := b.Raw()
	set, flip := setNow(k.ref, k.set), flip(k.neg)
	for i, r := range in {
		m[i] |= bit(k.matchSet(b, &flows[r], set)) ^ flip
	}
}

func (k *addrRows) explain(sb *strings.Builder, indent string) {
	sb.WriteString(indent + k.describe("one address at a time") + "\n")
}

// setNow is the set of a test: what a named one holds, or the test's own.
func setNow(ref *setRef, own *addrSet) *addrSet {
	if ref != nil {
		return ref.now.addrs
	}
	return own
}

func (t *addrTerm) describe(way string) string {
	verb := "in"
	if t.neg {
		verb = "not in"
	}
	what := ""
	if t.named != nil {
		what = "@" + t.named.name
	} else if ps := t.set.prefixes(); len(ps) <= 8 {
		what = strings.Trim(fmt.Sprint(ps), "[]")
	} else {
		what = fmt.Sprintf("%d prefixes", len(ps))
	}
	return fmt.Sprintf("%v %s {%s}: %s", t.subject, verb, what, way)
}

// addrKernel tests addresses of the struct.
type addrKernel struct {
	addrTerm
	ref         *setRef // nil if the set has no name
	offs        []uintptr
	one         bool // the set is one prefix
	mask, value [2]uint64
	flip        uint8
}

func (k *addrKernel) explain(sb *strings.Builder, indent string) {
	way := "a search"
	switch {
	case k.one:
		way = "one comparison"
	case k.set != nil && k.set.index != nil:
		way = "a table of /16s, then a search"
	}
	sb.WriteString(indent + k.describe(way) + "\n")
}

// differ is 0 for an address in the prefix.
func differ(a *flow.Addr, mask, value [2]uint64) uint64 {
	return (binary.NativeEndian.Uint64(a[:8])&mask[0] ^ value[0]) | (binary.NativeEndian.Uint64(a[8:])&mask[1] ^ value[1])
}

// narrow implements narrower for one prefix, and one address or any of two.
func (k *addrKernel) narrow(b *flow.Batch, in, out []uint16) (n int, ok bool) {
	if !k.one || len(k.offs) > 1 && k.all {
		return 0, false
	}
	base, mask, value, flip := first(b), k.mask, k.value, int(k.flip)
	x, y := k.offs[0], k.offs[len(k.offs)-1]
	if x == y {
		for _, r := range in {
			out[n] = r
			n += int(bit(differ(addrAt(base, r, x), mask, value) == 0)) ^ flip
		}
		return n, true
	}
	for _, r := range in {
		out[n] = r
		n += int(bit(min(differ(addrAt(base, r, x), mask, value), differ(addrAt(base, r, y), mask, value)) == 0)) ^ flip
	}
	return n, true
}

func (k *addrKernel) mark(b *flow.Batch, in []uint16, m []uint8) {
	m = m[:len(in)]
	if !k.one {
		k.markSet(b, in, m)
		return
	}
	base, mask, value, flip := first(b), k.mask, k.value, k.flip
	x, y := k.offs[0], k.offs[len(k.offs)-1]
	switch {
	case x == y:
		for i, r := range in {
			m[i] |= bit(differ(addrAt(base, r, x), mask, value) == 0) ^ flip
		}
	case !k.all:
		for i, r := range in {
			m[i] |= bit(min(differ(addrAt(base, r, x), mask, value), differ(addrAt(base, r, y), mask, value)) == 0) ^ flip
		}
	default:
		for i, r := range in {
			m[i] |= bit(differ(addrAt(base, r, x), mask, value)|differ(addrAt(base, r, y), mask, value) == 0) ^ flip
		}
	}
}

func addrAt(base unsafe.Pointer, r uint16, off uintptr) *flow.Addr {
	return (*flow.Addr)(unsafe.Add(base, uintptr(r)*flowSize+off))
}

func (k *addrKernel) markSet(b *flow.Batch, in []uint16, m []uint8) {
	flows, _ := b.Raw()
	base, set := first(b), setNow(k.ref, k.set)
	zero := set.holdsZero() // which an absent address looks like
	for i, r := range in {
		hit := k.all
		for f, off := range k.offs {
			a := addrAt(base, r, off)
			in := set.has(a)
			if in && zero && a.IsZero() {
				in = flows[r].Has(k.subject.fields[f])
			}
			if in != k.all {
				hit = !k.all
				break
			}
		}
		m[i] |= bit(hit) ^ k.flip
	}
}
