package filter

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// subject is what a test looks at: one field, or several of one kind of which any
// or all have to pass.
type subject struct {
	fields []flow.Field
	all    bool
}

func only(f flow.Field) subject      { return subject{fields: []flow.Field{f}} }
func anyOf(fs ...flow.Field) subject { return subject{fields: fs} }

func (s subject) same(o subject) bool {
	return slices.Equal(s.fields, o.fields) && (s.all == o.all || len(s.fields) == 1)
}

// holds applies a test to the fields.
func (s subject) holds(test func(flow.Field) bool) bool {
	for _, f := range s.fields {
		if test(f) != s.all {
			return !s.all
		}
	}
	return s.all
}

// each makes a test of several fields a list of tests of one.
func (s subject) each(test func(subject) node) node {
	terms := make([]node, len(s.fields))
	for i, f := range s.fields {
		terms[i] = test(only(f))
	}
	return join(operator(!s.all), terms)
}

func (s subject) String() string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.String()
	}
	if s.all {
		return strings.Join(names, " and ")
	}
	return strings.Join(names, " or ")
}

// numbers tests whether numbers lie in a set. Absent numbers are 0, as they are
// in protobuf messages.
type numbers struct {
	subject
	kind  flow.Kind
	set   ranges
	named *Set // in place of set
}

func (n *numbers) match(b *flow.Batch, fl *flow.Flow) bool {
	set := n.set
	if n.named != nil {
		set = n.named.load().numbersFor(n.kind)
	}
	return n.holds(func(f flow.Field) bool { return set.has(number(b, fl, f, n.kind)) })
}

func (n *numbers) fields(add func(flow.Field)) { addAll(n.subject, add) }

func addAll(s subject, add func(flow.Field)) {
	for _, f := range s.fields {
		if f < flow.NumFields {
			add(f)
		}
	}
}

func (n *numbers) text(sb *strings.Builder, inside precedence) {
	if len(n.subject.fields) > 1 {
		n.each(func(s subject) node { return &numbers{s, n.kind, n.set, n.named} }).text(sb, inside)
		return
	}
	name := n.subject.fields[0].String()
	switch {
	case n.named != nil:
		fmt.Fprintf(sb, "%s in @%s", name, n.named.name)
	case len(n.set) == 1 && n.set[0].lo == n.set[0].hi:
		fmt.Fprintf(sb, "%s = %s", name, n.value(n.set[0].lo))
	case len(n.set) == 0:
		sb.WriteString("not any")
	default:
		fmt.Fprintf(sb, "%s in [", name)
		for i, s := range n.set {
			if i > 0 {
				sb.WriteByte(' ')
			}
			sb.WriteString(n.value(s.lo))
			if s.hi > s.lo {
				sb.WriteString("-" + n.value(s.hi))
			}
		}
		sb.WriteByte(']')
	}
}

// value writes a number as the language has it.
func (n *numbers) value(v uint64) string {
	switch n.kind {
	case flow.KindMAC:
		if v == 0 {
			return "00:00:00:00:00:00"
		}
		return flow.MACFromUint64(v).String()
	case flow.KindCountry:
		return fmt.Sprintf("%q", countryOf(v).String())
	}
	return fmt.Sprint(v)
}

func (n *numbers) normal(_ *flow.Layout, neg bool) (term, error) {
	t := &numberTerm{numbers: *n, neg: neg}
	most := greatest(n.kind)
	if n.named != nil {
		return t, nil
	}
	if neg && len(n.subject.fields) == 1 {
		t.set, t.neg = n.set.complement(most), false
	}
	return t.constant(), nil
}

// number reads a field of any kind that a number can stand for; 0 if absent.
func number(b *flow.Batch, fl *flow.Flow, f flow.Field, k flow.Kind) uint64 {
	switch {
	case k == flow.KindCountry && !f.IsColumn():
		return countryNumber(*(*flow.Country)(unsafe.Add(unsafe.Pointer(fl), offsets[f])))
	case k == flow.KindCountry:
		vals, has := flow.Column[flow.Country](b, f)
		if i := b.Index(fl); has != nil && has[i] {
			return countryNumber(vals[i])
		}
		return 0
	case f.IsColumn() && b == nil:
		return 0
	}
	v, _ := b.Uint(fl, f)
	return v
}

// Countries are compared as numbers of two bytes, in the order of memory.

func countryNumber(c flow.Country) uint64 { return uint64(binary.NativeEndian.Uint16(c[:])) }

func countryOf(v uint64) (c flow.Country) {
	binary.NativeEndian.PutUint16(c[:], uint16(v))
	return c
}

// greatest is the greatest number that a field of a kind can hold.
func greatest(k flow.Kind) uint64 {
	switch k {
	case flow.KindU8:
		return math.MaxUint8
	case flow.KindU16, flow.KindCountry:
		return math.MaxUint16
	case flow.KindU32, flow.KindSymbol:
		return math.MaxUint32
	case flow.KindMAC:
		return 1<<48 - 1
	}
	return math.MaxUint64
}

// numberTerm is numbers in normal form: of one field it has no negation.
type numberTerm struct {
	numbers
	neg bool
}

// constant returns the term, or the constant that it comes to.
func (t *numberTerm) constant() term {
	switch {
	case t.named != nil:
	case len(t.set) == 0:
		return constant(t.neg)
	case t.set.full(greatest(t.kind)):
		return constant(!t.neg)
	}
	return t
}

func (t *numberTerm) absorb(other test, op operator) term {
	o, ok := other.(*numberTerm)
	if !ok || t.named != nil || o.named != nil || !t.same(o.subject) || t.neg != o.neg {
		return nil
	}
	joined := *t
	switch {
	// (a or b) in S or (a or b) in T, and its negation.
	case !t.all && op == opOr != t.neg, len(t.subject.fields) == 1 && op == opOr:
		joined.set = t.set.union(o.set)
	case t.all && op == opAnd != t.neg, len(t.subject.fields) == 1 && op == opAnd:
		joined.set = t.set.intersect(o.set)
	default:
		return nil
	}
	return joined.constant()
}

func (t *numberTerm) key() string {
	name := ""
	if t.named != nil {
		name = fmt.Sprintf("%p", t.named)
	}
	return fmt.Sprintf("number %d %v %v %s %v", t.subject.fields, t.all, t.set, name, t.neg)
}

func (t *numberTerm) cost() (ns, share float64) {
	share = t.share()
	ns = 0.6 + 0.5*float64(len(t.subject.fields))
	if f := t.subject.fields[0]; f.IsColumn() || t.kind == flow.KindMAC {
		ns *= 3
	}
	if t.named != nil || len(t.set) > 1 && greatest(t.kind) > math.MaxUint16 {
		ns += 1 + 2*math.Log2(float64(len(t.set)+1))
	}
	if t.neg {
		share = 1 - share
	}
	return ns, share
}

// share guesses how many flows match.
func (t *numberTerm) share() float64 {
	part := math.Sqrt(t.set.size() / (float64(greatest(t.kind)) + 1))
	switch f := t.subject.fields[0]; {
	case t.named != nil:
		return 0.3
	case f == flow.FieldProto && t.set.has(uint64(flow.ProtoTCP)):
		part = 0.8
	case f == flow.FieldDirection || f == flow.FieldEtherType:
		part = 0.5
	}
	miss := math.Pow(1-min(part, 0.99), float64(len(t.subject.fields)))
	if t.all {
		return math.Pow(part, float64(len(t.subject.fields)))
	}
	return 1 - miss
}
