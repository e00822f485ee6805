package filter

import (
	"fmt"

	"github.com/flowpipeline/pipeline/flow"
)

// Bounds of an expression.
const (
	MaxExpr  = 1 << 20 // bytes
	MaxDepth = 200     // of brackets, "not"s and changes between "and" and "or"
)

// Option changes how an expression is read.
type Option func(*options)

type options struct {
	order  Order
	sets   map[string]*Set
	layout *flow.Layout // set by Parse, which knows all extensions
	exts   []flow.Extender
	errs   []error
}

// Order says how "and" and "or" bind where no brackets do.
type Order uint8

const (
	// RightToLeft binds both alike, from the right: "a and b or c" is
	// "a and (b or c)". It is what flowfilter does, and the default.
	RightToLeft Order = iota
	// Standard binds "and" tighter than "or", as nfdump and most languages do:
	// "a and b or c" is "(a and b) or c".
	Standard
)

// Precedence says how "and" and "or" bind.
func Precedence(o Order) Option { return func(opts *options) { opts.order = o } }

// With lets an expression use sets by their names, as in "src address in
// @customers".
func With(sets ...*Set) Option {
	return func(opts *options) {
		for _, s := range sets {
			if s == nil {
				opts.errs = append(opts.errs, fmt.Errorf("filter.With: nil set"))
				continue
			}
			opts.sets[s.name] = s
		}
	}
}

// Extensions lets Parse know fields beyond the schema. Expr needs no word of
// them: the pipeline knows its own.
func Extensions(e ...flow.Extender) Option {
	return func(opts *options) { opts.exts = append(opts.exts, e...) }
}

func newOptions(opts []Option) *options {
	o := &options{sets: map[string]*Set{}}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// Expr is the predicate that an expression stands for; docs/filter.md describes
// the language. A mistake is kept until the pipeline is built, see Predicate.Err.
// So is the question whether a name that is not in the schema is an extension.
func Expr(text string, opts ...Option) Predicate {
	p, err := parseExpr(text, newOptions(opts))
	if err != nil {
		return Invalid(err)
	}
	return p
}

// Parse is Expr for those who want to know at once. The error is an *Error, but
// for mistakes in the options.
func Parse(text string, opts ...Option) (Predicate, error) {
	o := newOptions(opts)
	layout, err := flow.NewLayout(o.exts...)
	if err != nil {
		return Predicate{}, err
	}
	p, err := parseExpr(text, o)
	if err != nil {
		return Predicate{}, err
	}
	if _, err := p.Compile(layout); err != nil {
		return Predicate{}, err
	}
	return p, nil
}

func parseExpr(text string, o *options) (Predicate, error) {
	if len(o.errs) > 0 {
		return Predicate{}, o.errs[0]
	}
	p, err := newParser(text, o)
	if err != nil {
		return Predicate{}, err
	}
	n, err := p.whole()
	if err != nil {
		return Predicate{}, err
	}
	return Predicate{node: n}, nil
}
