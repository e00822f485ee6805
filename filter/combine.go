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
		terms = append(terms, p.node)
	}
	return Predicate{node: join(op, terms)}
}

// join makes a list, flat where it can be.
func join(op operator, nodes []node) node {
	var terms []node
	for _, n := range nodes {
		if same, ok := n.(list); ok && same.op == op {
			terms = append(terms, same.terms...)
			continue
		}
		terms = append(terms, n)
	}
	switch len(terms) {
	case 0:
		return constant(!op)
	case 1:
		return terms[0]
	}
	return list{op, terms}
}

func both(a, b node) node   { return join(opAnd, []node{a, b}) }
func either(a, b node) node { return join(opOr, []node{a, b}) }

// constant matches every flow or none.
type constant bool

func (c constant) match(*flow.Batch, *flow.Flow) bool { return bool(c) }
func (c constant) fields(func(flow.Field))            {}
func (c constant) normal(_ *flow.Layout, neg bool) (term, error) {
	return constant(bool(c) != neg), nil
}

func (c constant) text(sb *strings.Builder, _ precedence) {
	if !c {
		sb.WriteString("not ")
	}
	sb.WriteString("any")
}

// not inverts a node.
type not struct{ of node }

func (n not) match(b *flow.Batch, fl *flow.Flow) bool       { return !n.of.match(b, fl) }
func (n not) fields(add func(flow.Field))                   { n.of.fields(add) }
func (n not) normal(l *flow.Layout, neg bool) (term, error) { return n.of.normal(l, !neg) }

func (n not) text(sb *strings.Builder, _ precedence) {
	sb.WriteString("not ")
	n.of.text(sb, precNot)
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

func (n list) fields(add func(flow.Field)) {
	for _, t := range n.terms {
		t.fields(add)
	}
}

func (n list) text(sb *strings.Builder, inside precedence) {
	if inside != precOr {
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

func (n list) normal(l *flow.Layout, neg bool) (term, error) {
	op := n.op
	if neg {
		op = !op // De Morgan
	}
	terms := make([]term, len(n.terms))
	for i, t := range n.terms {
		var err error
		if terms[i], err = t.normal(l, neg); err != nil {
			return nil, err
		}
	}
	return simplify(op, terms), nil
}

// words is a node that was written as an expression: it keeps its text, and where
// it stands in the source.
type words struct {
	of     node
	source string
	at     place
}

func (w *words) match(b *flow.Batch, fl *flow.Flow) bool       { return w.of.match(b, fl) }
func (w *words) fields(add func(flow.Field))                   { w.of.fields(add) }
func (w *words) text(sb *strings.Builder, _ precedence)        { sb.WriteString(w.source) }
func (w *words) normal(l *flow.Layout, neg bool) (term, error) { return w.of.normal(l, neg) }

// leafFunc is a Go function.
type leafFunc struct {
	name string
	fn   func(*flow.Flow) bool
}

func (l leafFunc) match(_ *flow.Batch, fl *flow.Flow) bool { return l.fn(fl) }
func (l leafFunc) fields(func(flow.Field))                 {}
func (l leafFunc) text(sb *strings.Builder, _ precedence)  { sb.WriteString(l.name) }
func (l leafFunc) normal(_ *flow.Layout, neg bool) (term, error) {
	return &funcTerm{l, flip(neg)}, nil
}
