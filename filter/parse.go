package filter

import (
	"slices"
	"strings"
)

// parser reads an expression by recursive descent. A term is a noun (port,
// address, bytes …) with qualifiers in front of it and a value behind.
type parser struct {
	*options
	expr  string
	toks  []token
	at    int
	depth int
	last  *repeat // the latest term, for "port 80 or 443"

	linting bool
	notes   []Warning
}

// repeat is a term whose value can be given again without its words.
type repeat struct {
	words  string
	value  func() (node, error)
	quoted bool // a text, which is given again only in quotes
}

func newParser(expr string, o *options) (*parser, error) {
	p := &parser{options: o, expr: expr}
	if len(expr) > MaxExpr {
		return nil, newError(expr, place{MaxExpr, MaxExpr}, "", "the expression is longer than %d bytes", MaxExpr)
	}
	toks, err := lex(expr)
	if err != nil {
		return nil, err
	}
	p.toks = toks
	return p, nil
}

func (p *parser) peek() token { return p.toks[p.at] }

// ahead returns the n-th token behind the present one.
func (p *parser) ahead(n int) token { return p.toks[min(p.at+n, len(p.toks)-1)] }

func (p *parser) next() token {
	t := p.toks[p.at]
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

// isOp reports whether the present token is one of some operators.
func (p *parser) isOp(ops ...string) bool {
	t := p.peek()
	return t.kind == tokOp && slices.Contains(ops, t.text)
}

// isWord reports whether the present token is one of some words, in any case.
func (p *parser) isWord(words ...string) bool { return isWord(p.peek(), words...) }

func isWord(t token, words ...string) bool {
	return t.kind == tokWord && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, t.text) })
}

// take skips the present token if it is one of some words.
func (p *parser) take(words ...string) bool {
	if !p.isWord(words...) {
		return false
	}
	p.at++
	return true
}

// fail is a mistake at a token.
func (p *parser) fail(t token, hint, format string, args ...any) error {
	return newError(p.expr, t.at, hint, format, args...)
}

// expected is the mistake that the present token is not what it should be.
func (p *parser) expected(what string) error {
	t := p.peek()
	if t.kind == tokEnd {
		return p.fail(t, "", "expected %s, but the expression ends", what)
	}
	return p.fail(t, "", "expected %s, not %s", what, quoted(t))
}

func quoted(t token) string {
	if t.kind == tokString {
		return t.String()
	}
	return `"` + t.text + `"`
}

// source writes the tokens from one to another as an expression.
func (p *parser) source(from, to int) string {
	var sb strings.Builder
	open := true // nothing stands before that wants a blank
	for _, t := range p.toks[from:to] {
		closes := t.kind == tokOp && strings.Contains("]),", t.text)
		if !open && !closes {
			sb.WriteByte(' ')
		}
		sb.WriteString(t.String())
		open = t.kind == tokOp && (t.text == "[" || t.text == "(")
	}
	return sb.String()
}

// placeOf is where the tokens from one to another stand.
func (p *parser) placeOf(from, to int) place {
	return place{p.toks[from].at.from, p.toks[to-1].at.to}
}

func (p *parser) whole() (node, error) {
	n, err := p.list()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokEnd {
		return nil, p.expected(`"and", "or", or the end`)
	}
	return n, nil
}

// deeper counts the nesting, and refuses too much of it.
func (p *parser) deeper(by int) error {
	if p.depth += by; p.depth > MaxDepth {
		return p.fail(p.peek(), "", "nested deeper than %d", MaxDepth)
	}
	return nil
}

func (p *parser) operator() (operator, bool) {
	switch {
	case p.isWord("and") || p.isOp("&&"):
		return opAnd, true
	case p.isWord("or") || p.isOp("||"):
		return opOr, true
	}
	return opAnd, false
}

func (p *parser) ends() bool { return p.peek().kind == tokEnd || p.isOp(")") }

// list reads terms joined by "and" and "or". Nothing at all, or nothing behind the
// last of them, matches every flow.
func (p *parser) list() (node, error) {
	from := p.at
	var terms []node
	var ops []operator
	for {
		if p.ends() {
			if len(terms) > 0 {
				p.note(p.toks[p.at-1].at, "nothing follows %s, which stands for every flow", quoted(p.toks[p.at-1]))
			}
			terms = append(terms, constant(true))
			break
		}
		// A value belongs to the words in front of it, before anything else.
		if t, err := p.again(); err != nil {
			return nil, err
		} else if t != nil && len(terms) > 0 {
			last := len(terms) - 1
			terms[last] = join(ops[last], []node{terms[last], t})
			ops = ops[:last]
		} else if t, err = p.term(); err != nil {
			return nil, err
		} else {
			terms = append(terms, t)
		}
		op, ok := p.operator()
		if !ok {
			break
		}
		ops = append(ops, op)
		p.at++
	}
	changes := 0
	for i := range ops {
		if i > 0 && ops[i] != ops[i-1] {
			changes++
		}
	}
	if err := p.deeper(changes); err != nil {
		return nil, err
	}
	p.depth -= changes
	if changes > 0 {
		p.noteMixed(from, terms, ops)
	}
	return p.bind(terms, ops), nil
}

// bind puts the brackets that were left out.
func (p *parser) bind(terms []node, ops []operator) node {
	if p.order == Standard {
		return standard(terms, ops)
	}
	return rightToLeft(terms, ops)
}

func rightToLeft(terms []node, ops []operator) node {
	last := len(terms) - 1
	n := terms[last]
	for i := last - 1; i >= 0; {
		// A run of equal operators is one list.
		run := []node{n}
		op := ops[i]
		for ; i >= 0 && ops[i] == op; i-- {
			run = append(run, terms[i])
		}
		slices.Reverse(run)
		n = join(op, run)
	}
	return n
}

func standard(terms []node, ops []operator) node {
	var sums []node
	from := 0
	for i := range terms {
		if i == len(ops) || ops[i] == opOr {
			sums = append(sums, join(opAnd, terms[from:i+1]))
			from = i + 1
		}
	}
	return join(opOr, sums)
}

// term reads one term, with its brackets and negations.
func (p *parser) term() (node, error) {
	t := p.peek()
	switch {
	case p.isOp("!") || p.isWord("not"):
		p.at++
		if err := p.deeper(1); err != nil {
			return nil, err
		}
		n, err := p.term()
		p.depth--
		if err != nil {
			return nil, err
		}
		p.noteFlags(n)
		return not{n}, nil
	case p.isOp("("):
		return p.brackets()
	case t.kind == tokWord:
		from := p.at
		n, err := p.phrase(from)
		if err != nil {
			return nil, err
		}
		return &words{n, p.source(from, p.at), p.placeOf(from, p.at)}, nil
	}
	return nil, p.expected(`a term like "port 80"`)
}

func (p *parser) brackets() (node, error) {
	open := p.next()
	if err := p.deeper(1); err != nil {
		return nil, err
	}
	n, err := p.list()
	if err != nil {
		return nil, err
	}
	p.depth--
	if !p.isOp(")") {
		if p.peek().kind == tokEnd {
			return nil, p.fail(open, "", `"(" is never closed`)
		}
		return nil, p.expected(`"and", "or", or ")"`)
	}
	p.at++
	p.last = nil
	return n, nil
}

// again reads a value that stands where a term should, with the words of the
// latest term: "port 80 or 443". It returns nil when there is none.
func (p *parser) again() (node, error) {
	sure, perhaps := p.startsValue()
	if p.last == nil || !sure && !perhaps || p.last.quoted && p.peek().kind != tokString {
		return nil, nil
	}
	from := p.at
	n, err := p.last.value()
	switch {
	case err == nil:
		return &words{n, p.last.words + " " + p.source(from, p.at), p.placeOf(from, p.at)}, nil
	case sure:
		return nil, err
	}
	p.at = from // then it is a word that nobody knows
	return nil, nil
}

// startsValue reports whether the present token can only be a value, or perhaps
// is one: a name that is no word of the language, or a text.
func (p *parser) startsValue() (sure, perhaps bool) {
	t := p.peek()
	if t.kind == tokOp {
		_, sure = comparisons[t.text]
		return sure, false
	}
	if t.kind == tokString {
		return false, true
	}
	if t.kind != tokWord {
		return false, false
	}
	if _, err := parsePrefix(t.text); err == nil || p.startsNumber() {
		return true, false
	}
	w, next := strings.ToLower(t.text), p.ahead(1)
	_, compared := comparisons[next.text]
	_, isField := p.lookup(t.text)
	isField = isField || compared || isWord(next, "contains", "in") || next.text == "=~" || next.text == "!~"
	return false, !isField && nouns[w] == nil && protocolWords[w] == 0 && familyWords[w] == 0 && !slices.Contains(prefixWords, w)
}
