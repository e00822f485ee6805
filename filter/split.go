package filter

// Split parts p into what can be tested elsewhere and what is left: p matches the
// flows that part and rest match. Which tests of fields can be made there is what
// can tells.
//
// A condition of which only some tests can be made is left whole, and part has
// what follows from it: of "(port 80 and bytes > 1k) or port 53" it is "port 80
// or port 53".
func Split(p Predicate, can func(Test) bool) (part, rest Predicate) {
	if p.err != nil {
		return All(), p
	}
	part, whole := implied(p.Form(), can)
	if whole {
		return p, All()
	}
	terms := conjuncts(p.node, false)
	if terms == nil {
		return part, p
	}
	parts, rests := make([]Predicate, len(terms)), make([]Predicate, len(terms))
	for i, t := range terms {
		parts[i], rests[i] = Split(Predicate{node: t}, can)
	}
	return And(parts...), And(rests...)
}

// implied returns what follows from a form and can be tested; whole says that it
// is all that the form says.
func implied(f Form, can func(Test) bool) (p Predicate, whole bool) {
	switch f := f.(type) {
	case Every:
		ps, whole := impliedAll(f, can)
		return And(ps...), whole
	case Some:
		ps, whole := impliedAll(f, can)
		return Or(ps...), whole
	case Test:
		if f.Kind != TestOther && can(f) {
			return Predicate{node: negated(f.node, f.Negated)}, true
		}
	}
	return All(), false
}

func impliedAll(forms []Form, can func(Test) bool) (ps []Predicate, whole bool) {
	ps, whole = make([]Predicate, len(forms)), true
	for i, f := range forms {
		p, w := implied(f, can)
		ps[i], whole = p, whole && w
	}
	return ps, whole
}

// conjuncts returns the terms of a conjunction, or of a negated disjunction; nil
// for any other node.
func conjuncts(n node, neg bool) []node {
	switch n := n.(type) {
	case *words:
		return conjuncts(n.of, neg)
	case not:
		return conjuncts(n.of, !neg)
	case list:
		if (n.op == opOr) != neg {
			return nil
		}
		terms := make([]node, len(n.terms))
		for i, t := range n.terms {
			terms[i] = negated(t, neg)
		}
		return terms
	}
	return nil
}
