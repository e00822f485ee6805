package filter

import (
	"encoding/binary"

	"github.com/flowpipeline/pipeline/flow"
)

// Form is the normal form of a predicate, to be read by those who run a part of
// it elsewhere: a kernel, a database. It is an Every, a Some or a Test. Negations
// stand at the tests alone, tests of the same fields are joined, and what decides
// most for the least comes first.
type Form interface{ isForm() }

// Every holds for the flows for which all of its forms hold; without any, for
// every flow.
type Every []Form

// Some holds for the flows for which one of its forms holds; without any, for no
// flow.
type Some []Form

// TestKind says what a test looks for.
type TestKind uint8

const (
	TestOther    TestKind = iota // what only this package can test: a function, a set with a name, a text, a MAC address …
	TestNumbers                  // numbers in ranges; an absent one is 0
	TestAddrs                    // addresses in ranges; an absent one is in none
	TestPresence                 // that a field is set
)

// Test looks at one field of a flow, or at several of one kind.
type Test struct {
	Kind    TestKind
	Fields  []flow.Field
	All     bool          // all of the fields have to pass, and not any of them
	Negated bool          // it holds where the fields do not pass
	Numbers []NumberRange // of TestNumbers, ascending, with a gap between each two
	Addrs   []AddrRange   // of TestAddrs, likewise; each of one IP version

	node node // the test without its negation
}

// NumberRange is a range of numbers, both ends included.
type NumberRange struct{ From, To uint64 }

// AddrRange is a range of addresses in network order, both ends included.
type AddrRange struct{ From, To flow.Addr }

func (Every) isForm() {}
func (Some) isForm()  {}
func (Test) isForm()  {}

// Form returns the predicate's normal form. That of an invalid predicate, and of
// one with fields that only a pipeline knows, is a TestOther.
func (p Predicate) Form() Form {
	if p.err != nil {
		return Test{}
	}
	t, err := p.root().normal(nil, false)
	if err != nil {
		return Test{}
	}
	return formOf(t)
}

func formOf(t term) Form {
	switch t := t.(type) {
	case constant:
		if t {
			return Every{}
		}
		return Some{}
	case *listTerm:
		forms := make([]Form, len(t.terms))
		for i, in := range t.ordered() {
			forms[i] = formOf(in)
		}
		if t.op == opOr {
			return Some(forms)
		}
		return Every(forms)
	case *numberTerm:
		return t.form()
	case *addrTerm:
		return t.form()
	case *maskedTerm:
		return t.form()
	case *rowTerm:
		if n, ok := t.node.(presence); ok {
			return Test{Kind: TestPresence, Fields: []flow.Field{n.field}, Negated: t.neg, node: n}
		}
	}
	return Test{}
}

func (t *numberTerm) form() Form {
	if t.named != nil || t.kind == flow.KindMAC || t.kind == flow.KindCountry {
		return Test{} // their ranges are no values of the language
	}
	f := Test{Kind: TestNumbers, Fields: t.subject.fields, All: t.all, Negated: t.neg, node: &t.numbers}
	for _, s := range t.set {
		f.Numbers = append(f.Numbers, NumberRange{s.lo, s.hi})
	}
	return f
}

func (t *addrTerm) form() Form {
	if t.named != nil {
		return Test{}
	}
	f := Test{Kind: TestAddrs, Fields: t.subject.fields, All: t.all, Negated: t.neg, node: &t.addrs}
	for _, s := range t.set.spans {
		f.Addrs = append(f.Addrs, AddrRange{s.lo.addr(), s.hi.addr()})
	}
	return f
}

func (w wide) addr() (a flow.Addr) {
	binary.BigEndian.PutUint64(a[:8], w.hi)
	binary.BigEndian.PutUint64(a[8:], w.lo)
	return a
}

// form tells the test for TCP apart from that of the flags.
func (t *maskedTerm) form() Form {
	neg := t.flip != 0
	proto, _ := isNumber(t.proto, uint64(tcp)).normal(nil, neg) // numbers are always in order
	forms := []Form{formOf(proto), Test{}}
	if neg {
		return Some(forms)
	}
	return Every(forms)
}
