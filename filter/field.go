package filter

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// Has matches the flows in which a field is set.
func Has(f flow.Field) Predicate {
	if f.Info() == nil {
		return Invalid(fmt.Errorf("filter.Has: no field %d", f))
	}
	return Predicate{node: presence{f}}
}

// presence tests whether a field is set.
type presence struct{ field flow.Field }

func (n presence) match(b *flow.Batch, fl *flow.Flow) bool {
	if b == nil {
		return fl.Has(n.field)
	}
	return b.Has(fl, n.field)
}

func (n presence) fields(add func(flow.Field)) { addAll(only(n.field), add) }

func (n presence) text(sb *strings.Builder, _ precedence) { sb.WriteString("has " + n.field.String()) }

func (n presence) normal(_ *flow.Layout, neg bool) (term, error) {
	return &rowTerm{node: n, neg: neg, ns: 2}, nil
}

// comparison is an operator between two values.
type comparison uint8

const (
	equal comparison = iota
	unequal
	lessThan
	lessOrEqual
	greaterThan
	greaterOrEqual
)

func (c comparison) String() string { return [...]string{"=", "!=", "<", "<=", ">", ">="}[c] }

// of applies the operator to the result of a three-way comparison.
func (c comparison) of(order int) bool {
	switch c {
	case equal:
		return order == 0
	case unequal:
		return order != 0
	case lessThan:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greaterThan:
		return order > 0
	}
	return order >= 0
}

// compared tests two fields against each other. When one is absent, they do not
// compare.
type compared struct {
	a, b flow.Field
	kind flow.Kind // of both, as far as it matters
	op   comparison
}

func (n *compared) match(b *flow.Batch, fl *flow.Flow) bool {
	if !(presence{n.a}).match(b, fl) || !(presence{n.b}).match(b, fl) {
		return false
	}
	switch {
	case n.kind == flow.KindAddr:
		x, _ := addrOf(b, fl, n.a)
		y, _ := addrOf(b, fl, n.b)
		return n.op.of(bytes.Compare(x[:], y[:]))
	case n.kind == flow.KindCountry:
		x, y := countryOf(number(b, fl, n.a, n.kind)), countryOf(number(b, fl, n.b, n.kind))
		return n.op.of(bytes.Compare(x[:], y[:]))
	case isText(n.kind):
		return n.op.of(strings.Compare(textValue(b, fl, n.a), textValue(b, fl, n.b)))
	}
	x, y := number(b, fl, n.a, kindOf(n.a, b)), number(b, fl, n.b, kindOf(n.b, b))
	switch {
	case x < y:
		return n.op.of(-1)
	case x > y:
		return n.op.of(1)
	}
	return n.op.of(0)
}

func kindOf(f flow.Field, b *flow.Batch) flow.Kind {
	if info := f.Info(); info != nil {
		return info.Kind
	}
	return b.Layout().Info(f).Kind
}

func isText(k flow.Kind) bool {
	return k == flow.KindText || k == flow.KindSymbol || k == flow.KindCountry
}

func (n *compared) fields(add func(flow.Field)) {
	addAll(anyOf(n.a, n.b), add)
}

func (n *compared) text(sb *strings.Builder, _ precedence) { fmt.Fprint(sb, n.a, " ", n.op, " ", n.b) }

func (n *compared) normal(_ *flow.Layout, neg bool) (term, error) {
	return &rowTerm{node: n, neg: neg, ns: 8}, nil
}
