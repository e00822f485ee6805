package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// textOp says how a text is compared.
type textOp uint8

const (
	textIs       textOp = iota // the same, case included
	textContains               // a part, in any case
	textMatches                // a regular expression (RE2)
)

func (op textOp) String() string { return [...]string{"=", "contains", "=~"}[op] }

// texts tests names and other texts. An absent text is empty.
type texts struct {
	subject
	op    textOp
	value string
	lower string // of textContains
	re    *regexp.Regexp
	named *Set // in place of the value
}

func newTexts(s subject, op textOp, value string) (*texts, error) {
	t := &texts{subject: s, op: op, value: value, lower: strings.ToLower(value)}
	if op == textMatches {
		var err error
		if t.re, err = regexp.Compile(value); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// passes tests a text; set is what the named set holds, nil if there is none.
func (t *texts) passes(s string, set *setValues) bool {
	switch {
	case set != nil:
		return set.texts[s]
	case t.op == textContains:
		return containsFold(s, t.lower)
	case t.op == textMatches:
		return t.re.MatchString(s)
	}
	return s == t.value
}

// containsFold reports whether s contains sub, which is in lower case. It makes
// no copy of ASCII.
func containsFold(s, sub string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return strings.Contains(strings.ToLower(s), sub)
		}
	}
	for i := 0; i+len(sub) <= len(s); i++ {
		if equalLower(s[i:i+len(sub)], sub) {
			return true
		}
	}
	return false
}

func equalLower(s, lower string) bool {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func (t *texts) match(b *flow.Batch, fl *flow.Flow) bool {
	var set *setValues
	if t.named != nil {
		set = t.named.load()
	}
	return t.matchSet(b, fl, set)
}

func (t *texts) matchSet(b *flow.Batch, fl *flow.Flow, set *setValues) bool {
	return t.holds(func(f flow.Field) bool { return t.passes(textValue(b, fl, f), set) })
}

// textValue reads a field as a text, which is gone with the batch. A number has
// the name of its value, if it has one.
func textValue(b *flow.Batch, fl *flow.Flow, f flow.Field) string {
	if b == nil {
		return ""
	}
	s, _ := b.Text(fl, f)
	return unsafe.String(unsafe.SliceData(s), len(s))
}

func (t *texts) fields(add func(flow.Field)) { addAll(t.subject, add) }

func (t *texts) text(sb *strings.Builder, _ precedence) {
	if t.named != nil {
		fmt.Fprintf(sb, "%s in @%s", t.subject.fields[0], t.named.name)
		return
	}
	fmt.Fprintf(sb, "%s %v %q", t.subject.fields[0], t.op, t.value)
}

func (t *texts) normal(_ *flow.Layout, neg bool) (term, error) {
	return &textTerm{*t, neg}, nil
}

type textTerm struct {
	texts
	neg bool
}

func (t *textTerm) absorb(test, operator) term { return nil }

func (t *textTerm) key() string {
	return fmt.Sprintf("text %d %v %v %q %p %v", t.subject.fields, t.all, t.op, t.value, t.named, t.neg)
}

func (t *textTerm) cost() (ns, share float64) { return 6 * float64(len(t.subject.fields)), 0.2 }

func (t *textTerm) kernel(c *compiler) kernel {
	k := &textKernel{textTerm: *t, ref: c.ref(t.named)}
	// A symbol's text never changes, so its answer can be kept; what a named
	// set says of it can.
	symbols := !slices.ContainsFunc(t.subject.fields, func(f flow.Field) bool {
		info := f.Info()
		return info == nil || info.Kind != flow.KindSymbol || f.IsColumn()
	})
	k.memo = symbols && t.named == nil
	return newLeaf(k)
}

// textKernel tests texts, symbols by what it found out of them before.
type textKernel struct {
	textTerm
	ref   *setRef
	memo  bool
	table *flow.Symbols
	known []uint8 // by symbol: 0 not asked yet, 1 no, 2 yes
}

func (k *textKernel) mark(b *flow.Batch, in []uint16, m []uint8) {
	flip := flip(k.neg)
	flows, _ := b.Raw()
	if !k.memo {
		var set *setValues
		if k.ref != nil {
			set = k.ref.now
		}
		for i, r := range in {
			m[i] |= bit(k.matchSet(b, &flows[r], set)) ^ flip
		}
		return
	}
	if k.table != b.Symbols() {
		k.table, k.known = b.Symbols(), k.known[:0]
	}
	base := first(b)
	for i, r := range in {
		hit := k.all
		for _, f := range k.subject.fields {
			if k.ask(at[flow.Symbol](base, r, offsets[f])) != k.all {
				hit = !k.all
				break
			}
		}
		m[i] |= bit(hit) ^ flip
	}
}

func (k *textKernel) ask(s flow.Symbol) bool {
	if int(s) >= len(k.known) {
		k.known = append(k.known, make([]uint8, int(s)+1-len(k.known))...)
	}
	if k.known[s] == 0 {
		k.known[s] = 1 + bit(k.passes(k.table.String(s), nil))
	}
	return k.known[s] == 2
}

func (k *textKernel) explain(sb *strings.Builder, indent string) {
	way := "one text at a time"
	if k.memo {
		way = "once for each name"
	}
	verb := ""
	if k.neg {
		verb = "not "
	}
	what := fmt.Sprintf("%v %q", k.op, k.value)
	if k.named != nil {
		what = "in @" + k.named.name
	}
	fmt.Fprintf(sb, "%s%s(%v %s): %s\n", indent, verb, k.subject, what, way)
}
