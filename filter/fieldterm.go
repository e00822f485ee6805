package filter

import (
	"slices"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// lookup finds a field of the schema or, once the layout is known, an extension.
func (p *parser) lookup(name string) (flow.Field, bool) { return p.layout.Lookup(name) }

// field reads a term about a field by its name: "bytes_out > 1M".
func (p *parser) field(from int) (node, error) {
	t := p.peek()
	f, ok := p.lookup(t.text)
	switch {
	case ok:
		p.at++
		return p.fieldValue(f, from)
	case p.layout == nil:
		// It may be an extension, which only the pipeline knows.
		if end, ok := p.loose(); ok {
			n := p.later(from, end)
			p.at = end
			return n, nil
		}
	}
	return nil, p.unknown(t)
}

// loose returns the end of a term about a field of unknown kind; false when what
// follows cannot be one.
func (p *parser) loose() (end int, ok bool) {
	i := p.at + 1
	at := func(n int) token { return p.toks[min(n, len(p.toks)-1)] }
	switch t := at(i); {
	case isWord(t, "not") && isWord(at(i+1), "in"):
		i++
		fallthrough
	case isWord(t, "in"):
		i++
		if open := at(i); open.kind != tokOp || open.text != "[" && open.text != "(" {
			return i + 1, open.kind == tokWord
		}
		for ; at(i).kind != tokEnd; i++ {
			if c := at(i); c.kind == tokOp && (c.text == "]" || c.text == ")") {
				return i + 1, true
			}
		}
		return 0, false
	case isWord(t, "contains") || t.kind == tokOp && (t.text == "=~" || t.text == "!~"):
		i++
	default:
		if _, ok := comparisons[strings.ToLower(t.text)]; !ok || t.kind == tokString {
			return 0, false
		}
		i++
	}
	v := at(i)
	return i + 1, v.kind == tokWord || v.kind == tokString
}

// deferred is a term about a name that is not in the schema. It is read again
// when the layout is known.
type deferred struct {
	options options
	expr    string
	toks    []token
}

func (p *parser) later(from, to int) node {
	p.last = nil
	toks := slices.Clone(p.toks[from:to])
	end := toks[len(toks)-1].at.to
	return &deferred{*p.options, p.expr, append(toks, token{tokEnd, "", place{end, end}})}
}

func (d *deferred) resolve(l *flow.Layout) (node, error) {
	if l == nil {
		l = &flow.Layout{}
	}
	o := d.options
	o.layout = l
	p := &parser{options: &o, expr: d.expr, toks: d.toks}
	var n node
	var err error
	if p.isWord("has") {
		n, err = p.has()
	} else {
		n, err = p.field(0)
	}
	if err == nil && p.peek().kind != tokEnd {
		err = p.expected(`"and", "or", or the end`)
	}
	return n, err
}

func (d *deferred) match(b *flow.Batch, fl *flow.Flow) bool {
	var l *flow.Layout
	if b != nil {
		l = b.Layout()
	} else {
		l, _ = flow.NewLayout(d.options.exts...) // those that Parse was told of
	}
	n, err := d.resolve(l)
	return err == nil && n.match(b, fl)
}

func (d *deferred) fields(func(flow.Field)) {}

func (d *deferred) text(sb *strings.Builder, _ precedence) {
	p := parser{toks: d.toks}
	sb.WriteString(p.source(0, len(d.toks)-1))
}

func (d *deferred) normal(l *flow.Layout, neg bool) (term, error) {
	n, err := d.resolve(l)
	if err != nil {
		return nil, err
	}
	return n.normal(l, neg)
}

// fieldValue reads what a field is compared with: values of its own kind, or
// another field.
func (p *parser) fieldValue(f flow.Field, from int) (node, error) {
	if n, err := p.againstField(f); n != nil || err != nil {
		p.last = nil
		return n, err
	}
	return p.valued(qualifier{}, from, func() (node, error) { return p.fieldItems(p.layout.Info(f)) })
}

// againstField reads an operator and another field, if that is what follows.
func (p *parser) againstField(f flow.Field) (node, error) {
	info := p.layout.Info(f)
	start := p.at
	if op, ok := p.comparison(); ok {
		if other, ok := p.lookup(p.peek().text); ok && p.peek().kind == tokWord && !p.isName(info) {
			return p.comparedFields(info, p.layout.Info(other), op)
		}
	}
	p.at = start
	return nil, nil
}

// isName reports whether the present token is the name of a value of the field.
func (p *parser) isName(info *flow.FieldInfo) bool {
	_, ok := flow.EnumValue(info.Field, p.peek().text)
	return ok
}

func (p *parser) comparedFields(a, b *flow.FieldInfo, op comparison) (node, error) {
	t := p.next()
	comparable := a.Kind == b.Kind || a.Kind.IsNumber() && b.Kind.IsNumber() || a.Kind != flow.KindCountry && b.Kind != flow.KindCountry && isText(a.Kind) && isText(b.Kind)
	if !comparable || a.Kind == flow.KindU32s || a.Kind == flow.KindAddrs {
		return nil, p.fail(t, "", "%s and %s are of different kinds", a.Name, b.Name)
	}
	return &compared{a.Field, b.Field, a.Kind, op}, nil
}

func (p *parser) fieldItems(info *flow.FieldInfo) (node, error) {
	s := only(info.Field)
	n := &noun{what: "a value of " + info.Name, names: enumName(info.Field), nanos: info.Unit == "ns"}
	switch {
	case info.Enum == "Proto":
		n.names, n.known = protocolName, keys(protocolWords)
	case info.Enum == "EtherType":
		n.names, n.known = fromMap(etherTypes), keys(etherTypes)
	case info.Field == flow.FieldForwardingStatus:
		n.names, n.known = statusName, keys(statusNames)
	case info.Enum == "":
		n.names = nil
	}
	switch info.Kind {
	case flow.KindAddr:
		return p.addresses(s, false)
	case flow.KindSymbol, flow.KindText:
		return p.texts(s, textIs)
	case flow.KindCountry:
		if p.isOp("=~", "!~") || p.isWord("contains") {
			return p.texts(s, textIs)
		}
		return p.country(s, qualifier{side: srcSide}) // as of one side: the field itself
	case flow.KindU32s:
		return p.elements(info.Field, n)
	case flow.KindAddrs:
		return p.addrElements(info.Field)
	}
	return p.numbers(s, n, info.Kind)
}

// addrElements reads a test for elements of a list of addresses.
func (p *parser) addrElements(f flow.Field) (node, error) {
	test, err := p.addresses(only(f), false)
	if err != nil {
		return nil, err
	}
	inverse, neg := test.(not)
	if neg {
		test = inverse.of
	}
	return negated(&addrList{*test.(*addrs)}, neg), nil
}

// addrList tests whether a list of addresses holds one of a set.
type addrList struct{ addrs }

func (n *addrList) match(b *flow.Batch, fl *flow.Flow) bool { return n.matchSet(b, fl, n.prefixes()) }

func (n *addrList) matchSet(b *flow.Batch, fl *flow.Flow, set *addrSet) bool {
	if b == nil {
		return false
	}
	list, _ := b.Addrs(fl, n.subject.fields[0])
	return slices.ContainsFunc(list, func(a flow.Addr) bool { return set.has(&a) })
}

func (n *addrList) normal(_ *flow.Layout, neg bool) (term, error) {
	return &addrListTerm{list: n, neg: neg}, nil
}

// addrListTerm is addrList in normal form.
type addrListTerm struct {
	alone
	list *addrList
	neg  bool
}

func (t *addrListTerm) key() string               { return "" }
func (t *addrListTerm) cost() (ns, share float64) { return 15, 0.3 }

func (t *addrListTerm) kernel(c *compiler) kernel {
	ref := c.ref(t.list.named)
	what := textOf(t.list) + ": one flow at a time"
	if t.neg {
		what = "not " + what
	}
	return newLeaf(&rowKernel{func(b *flow.Batch, fl *flow.Flow) bool {
		return t.list.matchSet(b, fl, setNow(ref, t.list.set))
	}, flip(t.neg), what})
}
