package filter

import (
	"cmp"
	"slices"
)

// term is a normal form: a constant, a *listTerm, or a test. Negations stand at
// the tests alone.
type term interface{}

// test is a term that looks at a flow.
type test interface {
	// absorb joins the test with another of the same list, if one test can do
	// for both; nil if not.
	absorb(other test, op operator) term
	// key identifies the test's meaning, "" if it has no other like it.
	key() string
	// cost estimates what the test takes for a flow, in nanoseconds, and the
	// share of flows that match.
	cost() (ns, share float64)
	kernel(c *compiler) kernel
}

// listTerm is a conjunction or disjunction of tests and of lists of the other
// kind.
type listTerm struct {
	op    operator
	terms []term
}

// simplify makes a list term: constants folded, inner lists of the same kind
// dissolved, tests joined, repeated ones dropped.
func simplify(op operator, terms []term) term {
	var flat []term
	for _, t := range terms {
		switch t := t.(type) {
		case constant:
			if bool(t) == bool(op) {
				return t
			}
		case *listTerm:
			if t.op == op {
				flat = append(flat, t.terms...)
			} else {
				flat = append(flat, t)
			}
		default:
			flat = append(flat, t)
		}
	}
	var out []term
	seen := map[string]bool{}
	for _, t := range flat {
		t, ok := t.(test)
		if !ok {
			continue
		}
		if joined := absorb(out, t, op); joined {
			continue
		}
		if k := t.key(); k != "" {
			if seen[k] {
				continue
			}
			seen[k] = true
		}
		out = append(out, t)
	}
	for _, t := range out {
		if c, ok := t.(constant); ok && bool(c) == bool(op) {
			return c
		}
	}
	out = slices.DeleteFunc(out, func(t term) bool { _, ok := t.(constant); return ok })
	for _, t := range flat {
		if _, ok := t.(*listTerm); ok {
			out = append(out, t)
		}
	}
	switch len(out) {
	case 0:
		return constant(!op)
	case 1:
		return out[0]
	}
	return &listTerm{op, out}
}

// absorb lets one of the terms take up t.
func absorb(terms []term, t test, op operator) bool {
	for i, o := range terms {
		if o, ok := o.(test); ok {
			joined := o.absorb(t, op)
			if joined == nil {
				joined = t.absorb(o, op)
			}
			if joined != nil {
				terms[i] = joined
				return true
			}
		}
	}
	return false
}

// estimate is the cost of a whole term.
func estimate(t term) (ns, share float64) {
	switch t := t.(type) {
	case test:
		return t.cost()
	case *listTerm:
		left := 1.0 // the share of flows that are asked
		for _, in := range t.terms {
			n, s := estimate(in)
			ns += left * n
			if t.op == opOr {
				s = 1 - s
			}
			left *= s
		}
		if t.op == opOr {
			left = 1 - left
		}
		return ns, left
	}
	return 0, 1
}

// compiler makes the kernels of one selector.
type compiler struct{ sets []*setRef }

// setRef is a named set as one selector sees it: it looks at what the set holds
// once for each batch.
type setRef struct {
	set *Set
	now *setValues
}

// ref returns the selector's view of a set; nil for none.
func (c *compiler) ref(s *Set) *setRef {
	if s == nil {
		return nil
	}
	for _, r := range c.sets {
		if r.set == s {
			return r
		}
	}
	r := &setRef{set: s}
	c.sets = append(c.sets, r)
	return r
}

// ordered returns the terms in the order in which to test them: those that decide
// most for the least come first.
func (l *listTerm) ordered() []term {
	price := func(t term) float64 {
		ns, share := estimate(t)
		decides := 1 - share
		if l.op == opOr {
			decides = share
		}
		return ns / max(decides, 0.01)
	}
	order := slices.Clone(l.terms)
	slices.SortStableFunc(order, func(a, b term) int { return cmp.Compare(price(a), price(b)) })
	return order
}

// compile makes a kernel of a term.
func (c *compiler) compile(t term) kernel {
	switch t := t.(type) {
	case constant:
		return t
	case test:
		return t.kernel(c)
	}
	l := t.(*listTerm)
	order := l.ordered()
	kernels := make([]kernel, len(order))
	for i, t := range order {
		kernels[i] = c.compile(t)
	}
	if l.op == opAnd {
		return &andKernel{terms: kernels}
	}
	or := &orKernel{}
	for i, k := range kernels {
		if ns, _ := estimate(order[i]); ns <= cheap {
			or.marked = append(or.marked, k)
		} else {
			or.asked = append(or.asked, k)
		}
	}
	return or
}

// cheap is up to which cost, in nanoseconds, a test is better made for every flow
// than only for those that need it.
const cheap = 3
