package filter

import (
	"errors"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// Predicate is a condition on a flow. It is immutable: share it, combine it,
// compile it many times. The zero Predicate matches every flow.
type Predicate struct {
	node node
	err  error
}

// node is one node of the tree that a predicate is.
type node interface {
	compile(l *flow.Layout) (kernel, error)
	match(b *flow.Batch, fl *flow.Flow) bool
	text(sb *strings.Builder, inside precedence)
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

// Match reports whether a flow of b matches, one flow at a time. An invalid
// predicate matches nothing. It may be called concurrently.
func (p Predicate) Match(b *flow.Batch, fl *flow.Flow) bool {
	return p.err == nil && p.root().match(b, fl)
}

// String returns the predicate as text.
func (p Predicate) String() string {
	if p.err != nil {
		return "invalid"
	}
	var sb strings.Builder
	p.root().text(&sb, precOr)
	return sb.String()
}

// Compile makes a Selector for batches of layout l.
func (p Predicate) Compile(l *flow.Layout) (*Selector, error) {
	if p.err != nil {
		return nil, p.err
	}
	k, err := p.root().compile(l)
	if err != nil {
		return nil, err
	}
	return &Selector{kernel: k}, nil
}
