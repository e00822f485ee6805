package filter

import (
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// precedence orders how tightly an operator binds in the text form.
type precedence int

const (
	precOr precedence = iota
	precAnd
	precNot
)

type operator bool

const (
	opAnd operator = false
	opOr  operator = true
)

func (op operator) String() string {
	if op == opOr {
		return " or "
	}
	return " and "
}

func combine(ps []Predicate, op operator) Predicate {
	// A mistake counts even where a constant decides the whole.
	for _, p := range ps {
		if p.err != nil {
			return p
		}
	}
	var terms []node
	for _, p := range ps {
		// A constant either decides the whole or says nothing.
		if c, ok := p.root().(constant); ok {
			if bool(c) == bool(op) {
				return Predicate{node: c}
			}
			continue
		}
		if same, ok := p.node.(list); ok && same.op == op {
			terms = append(terms, same.terms...)
			continue
		}
		terms = append(terms, p.node)
	}
	switch len(terms) {
	case 0:
		return Predicate{node: constant(!op)}
	case 1:
		return Predicate{node: terms[0]}
	}
	return Predicate{node: list{op, terms}}
}

// constant matches every flow or none.
type constant bool

func (c constant) compile(*flow.Layout) (kernel, error) { return c, nil }
func (c constant) match(*flow.Batch, *flow.Flow) bool   { return bool(c) }
func (c constant) text(sb *strings.Builder, _ precedence) {
	if c {
		sb.WriteString("any")
	} else {
		sb.WriteString("not any")
	}
}

func (c constant) sel(_ *flow.Batch, in, out []uint16) []uint16 {
	if !c {
		return out
	}
	return append(out, in...)
}

// leafFunc is a Go function.
type leafFunc struct {
	name string
	fn   func(*flow.Flow) bool
}

func (l leafFunc) compile(*flow.Layout) (kernel, error)    { return l, nil }
func (l leafFunc) match(_ *flow.Batch, fl *flow.Flow) bool { return l.fn(fl) }
func (l leafFunc) text(sb *strings.Builder, _ precedence)  { sb.WriteString(l.name) }

func (l leafFunc) sel(b *flow.Batch, in, out []uint16) []uint16 {
	flows, _ := b.Raw()
	for _, i := range in {
		if l.fn(&flows[i]) {
			out = append(out, i)
		}
	}
	return out
}

// not inverts a node.
type not struct{ of node }

func (n not) match(b *flow.Batch, fl *flow.Flow) bool { return !n.of.match(b, fl) }

func (n not) text(sb *strings.Builder, _ precedence) {
	sb.WriteString("not ")
	n.of.text(sb, precNot)
}

func (n not) compile(l *flow.Layout) (kernel, error) {
	k, err := n.of.compile(l)
	return &notKernel{of: k}, err
}

type notKernel struct {
	of      kernel
	scratch []uint16
}

func (n *notKernel) sel(b *flow.Batch, in, out []uint16) []uint16 {
	n.scratch = n.of.sel(b, in, n.scratch[:0])
	sub := n.scratch
	for _, r := range in {
		if len(sub) > 0 && sub[0] == r {
			sub = sub[1:]
			continue
		}
		out = append(out, r)
	}
	return out
}

// list is a conjunction or a disjunction.
type list struct {
	op    operator
	terms []node
}

func (n list) match(b *flow.Batch, fl *flow.Flow) bool {
	for _, t := range n.terms {
		if t.match(b, fl) == bool(n.op) {
			return bool(n.op)
		}
	}
	return !bool(n.op)
}

func (n list) text(sb *strings.Builder, inside precedence) {
	prec := precAnd
	if n.op == opOr {
		prec = precOr
	}
	if inside >= prec && inside != precOr {
		sb.WriteByte('(')
		defer sb.WriteByte(')')
	}
	for i, t := range n.terms {
		if i > 0 {
			sb.WriteString(n.op.String())
		}
		// Inside a list every other list is put in brackets: nobody has to
		// know which of the two binds tighter.
		t.text(sb, precAnd)
	}
}

func (n list) compile(l *flow.Layout) (kernel, error) {
	terms := make([]kernel, len(n.terms))
	for i, t := range n.terms {
		k, err := t.compile(l)
		if err != nil {
			return nil, err
		}
		terms[i] = k
	}
	if n.op == opOr {
		return &orKernel{terms: terms}, nil
	}
	return andKernel(terms), nil
}

// andKernel lets each term narrow what the one before left.
type andKernel []kernel

func (k andKernel) sel(b *flow.Batch, in, out []uint16) []uint16 {
	base := len(out)
	out = k[0].sel(b, in, out)
	for _, t := range k[1:] {
		if len(out) == base {
			break
		}
		out = t.sel(b, out[base:], out[:base])
	}
	return out
}

// orKernel asks each term only for the rows that no term before it matched.
type orKernel struct {
	terms      []kernel
	rest       []uint16
	hits       []uint16
	acc, spare []uint16
}

func (k *orKernel) sel(b *flow.Batch, in, out []uint16) []uint16 {
	k.rest = append(k.rest[:0], in...)
	k.acc = k.acc[:0]
	for _, t := range k.terms {
		k.hits = t.sel(b, k.rest, k.hits[:0])
		if len(k.hits) == 0 {
			continue
		}
		k.rest = subtract(k.rest, k.hits)
		k.spare = flow.MergeRows(k.acc, k.hits, k.spare[:0])
		k.acc, k.spare = k.spare, k.acc
		if len(k.rest) == 0 {
			break
		}
	}
	return append(out, k.acc...)
}
