package filter

import (
	"errors"
	"slices"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// Predicate is a condition on a flow. It is immutable: share it, combine it,
// compile it many times, from any goroutine. The zero Predicate matches every
// flow.
type Predicate struct {
	node node
	err  error
}

// node is one node of the tree that a predicate is.
type node interface {
	// match is the meaning of the node, one flow at a time. b is nil where the
	// flow has no batch: its columns are then absent.
	match(b *flow.Batch, fl *flow.Flow) bool
	text(sb *strings.Builder, inside precedence)
	fields(add func(flow.Field))
	// normal brings the node, or its negation, into a form that can be
	// simplified and compiled.
	normal(l *flow.Layout, neg bool) (term, error)
}

// All matches every flow.
func All() Predicate { return Predicate{} }

// None matches no flow.
func None() Predicate { return Predicate{node: constant(false)} }

// Func matches the flows for which fn returns true. fn may be called
// concurrently and must not change the flow. The name stands for it in drawings.
func Func(name string, fn func(*flow.Flow) bool) Predicate {
	if fn == nil {
		return Invalid(errors.New("filter.Func: nil function"))
	}
	return Predicate{node: leafFunc{name, fn}}
}

// Invalid is a predicate that was made wrongly. Compile returns its error, so
// that constructors need not.
func Invalid(err error) Predicate { return Predicate{err: err} }

// And matches the flows that match each of ps; with none, every flow.
func And(ps ...Predicate) Predicate { return combine(ps, opAnd) }

// Or matches the flows that match any of ps; with none, no flow.
func Or(ps ...Predicate) Predicate { return combine(ps, opOr) }

// Not matches the flows that p does not match.
func Not(p Predicate) Predicate {
	if p.err != nil {
		return p
	}
	return Predicate{node: not{p.root()}}
}

func (p Predicate) root() node {
	if p.node == nil {
		return constant(true)
	}
	return p.node
}

// Err returns the mistake that the predicate was made with.
func (p Predicate) Err() error { return p.err }

// IsAll reports whether the predicate is the one that matches every flow.
func (p Predicate) IsAll() bool { return p.err == nil && p.root() == node(constant(true)) }

// Match reports whether a flow matches by the fields of its struct; what lies in
// columns is absent. An invalid predicate matches nothing. It looks at one flow
// at a time: a pipeline compiles instead.
func (p Predicate) Match(fl *flow.Flow) bool { return p.MatchIn(nil, fl) }

// MatchIn is Match for a flow of b, columns included.
func (p Predicate) MatchIn(b *flow.Batch, fl *flow.Flow) bool {
	return p.err == nil && p.root().match(b, fl)
}

// Fields returns the fields of the schema that the predicate looks at, ascending.
// Functions do not tell theirs, and extensions have no number yet.
func (p Predicate) Fields() []flow.Field {
	var fs []flow.Field
	if p.err == nil {
		p.root().fields(func(f flow.Field) { fs = append(fs, f) })
	}
	slices.Sort(fs)
	return slices.Compact(fs)
}

// String returns the predicate as an expression. Parse gives it back its
// meaning, unless there are functions in it.
func (p Predicate) String() string {
	var bad *Error
	switch {
	case errors.As(p.err, &bad):
		return shortened(bad.Expr)
	case p.err != nil:
		return "invalid"
	}
	return textOf(p.root())
}

// shortened is the beginning of an expression that cannot be written any better.
func shortened(expr string) string {
	text := strings.Join(strings.Fields(expr), " ")
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:60]) + "…"
	}
	return text
}

func textOf(n node) string {
	var sb strings.Builder
	n.text(&sb, precOr)
	return sb.String()
}

// Compile makes a Selector for batches of layout l.
func (p Predicate) Compile(l *flow.Layout) (*Selector, error) {
	var c compiler
	k, err := p.kernel(l, &c)
	if err != nil {
		return nil, err
	}
	return &Selector{kernel: k, sets: c.sets}, nil
}

// Explain returns what Compile makes of the predicate: the tests in the order in
// which they run, each with the way in which it does. The form is for people and
// may change.
func (p Predicate) Explain(l *flow.Layout) (string, error) {
	k, err := p.kernel(l, new(compiler))
	if err != nil {
		return "", err
	}
	var sb strings.Builder
	k.explain(&sb, "")
	return sb.String(), nil
}

func (p Predicate) kernel(l *flow.Layout, c *compiler) (kernel, error) {
	if p.err != nil {
		return nil, p.err
	}
	t, err := p.root().normal(l, false)
	if err != nil {
		return nil, err
	}
	return c.compile(t), nil
}
