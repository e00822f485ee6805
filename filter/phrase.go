package filter

import (
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// side says which end of a flow a term is about.
type side uint8

const (
	anySide side = iota // nothing is said: either, or what has no side
	srcSide
	dstSide
	eitherSide // "src or dst"
	bothSides  // "src and dst"
)

// qualifier is what stands in front of a noun.
type qualifier struct {
	side  side
	scope scope
	ether bool
	conds []node // what "tcp", "ip" and the like ask for besides
	words token  // the latest of them
}

// phrase reads a term that begins with a word: qualifiers, a noun, its value.
func (p *parser) phrase(from int) (node, error) {
	p.last = nil
	var q qualifier
	for {
		t := p.peek()
		w := strings.ToLower(t.text)
		switch next := p.ahead(1); {
		case t.kind != tokWord:
			return nil, p.expected("what " + quoted(q.words) + " is about")
		case w == "src" || w == "dst":
			if err := p.takeSide(&q, t, w); err != nil {
				return nil, err
			}
		case (w == "in" || w == "out") && isWord(next, "if", "iface", "interface"):
			q.side = srcSide
			if w == "out" {
				q.side = dstSide
			}
			p.at++
		case w == "inner" || w == "tun" || w == "tunnel":
			q.scope = inner
			p.at++
		case w == "nat":
			q.scope = nat
			p.at++
		case w == "ether":
			q.ether = true
			p.at++
		case w == "next" && isWord(next, "as", "asn", "ip"):
			p.at += 2
			if isWord(next, "ip") {
				return p.valueOf(nouns["nexthop"], q, from)
			}
			return p.valueOf(nouns["nexthopasn"], q, from)
		case w == "has" || w == "tcp" && next.kind == tokOp && next.text == "[":
			if q.words.text != "" {
				return nil, p.fail(q.words, "", "%q does not go with %q", q.words.text, t.text)
			}
			if w == "has" {
				return p.has()
			}
			return p.headerFlags()
		case isQualifier(w, next):
			done, err := p.takeProtocol(&q, t, w)
			if done || err != nil {
				return join(opAnd, q.conds), err
			}
		default:
			return p.noun(q, from)
		}
		q.words = t
	}
}

// takeSide reads "src", "dst", "src or dst" or "src and dst".
func (p *parser) takeSide(q *qualifier, t token, w string) error {
	if q.side != anySide {
		return p.fail(t, "", "a side was given before")
	}
	p.at++
	other := "dst"
	q.side = srcSide
	if w == "dst" {
		q.side, other = dstSide, "src"
	}
	op, ok := p.operator()
	if ok && isWord(p.ahead(1), other) && !isWord(p.ahead(2), "and", "or") && p.ahead(2).kind != tokEnd {
		p.at += 2
		q.side = eitherSide
		if op == opAnd {
			q.side = bothSides
		}
	}
	return nil
}

// isQualifier reports whether a protocol asks for flows of it, rather than being
// the noun itself, as in "icmp type" and "ip 192.0.2.1".
func isQualifier(w string, next token) bool {
	if _, ok := protocolWords[w]; ok {
		return !isWord(next, "type", "code")
	}
	if _, ok := familyWords[w]; !ok {
		return false
	}
	if isWord(next, "in", "not") || next.kind == tokOp && (next.text == "=" || next.text == "==" || next.text == "!=") {
		return false
	}
	_, err := parsePrefix(next.text)
	return next.kind != tokWord || err != nil
}

// takeProtocol reads a protocol. done says that the term ends with it.
func (p *parser) takeProtocol(q *qualifier, t token, w string) (done bool, err error) {
	f, set := flow.FieldProto, ranges(nil)
	if v, ok := protocolWords[w]; ok {
		set = one(v)
		if names, ok := protocolNames[w]; ok {
			set = names
		}
	} else {
		f, set = flow.FieldEtherType, one(familyWords[w])
	}
	if f, err = p.inScope(f, *q, t); err != nil {
		return false, err
	}
	p.at++
	q.conds = append(q.conds, &numbers{subject: only(f), kind: f.Info().Kind, set: set})
	more := []string{"src", "dst", "port", "portrange", "host", "address", "addr", "net", "flags", "tcpflags"}
	if f == flow.FieldEtherType || f == flow.FieldInnerEtherType {
		more = append(more, "proto", "protocol", "ttl", "tos", "dscp")
	}
	return !p.isWord(more...), nil
}

// inScope returns the field's counterpart in the scope that was asked for.
func (p *parser) inScope(f flow.Field, q qualifier, t token) (flow.Field, error) {
	if q.scope == outer || f == 0 {
		return f, nil
	}
	if in := scoped[f][q.scope]; in != 0 {
		return in, nil
	}
	return 0, p.fail(t, "", "%q does not go with %q", t.text, q.scope)
}

// noun reads a noun and its value.
func (p *parser) noun(q qualifier, from int) (node, error) {
	t := p.peek()
	w := strings.ToLower(t.text)
	n, ok := nouns[w]
	switch {
	case q.ether && w == "host":
		n = nouns["mac"]
	case q.ether && w == "proto":
		n = nouns["etype"]
	case q.ether && !ok:
		return p.valueOf(nouns["mac"], q, from)
	case ok && q.ether && n.kind != macNoun:
		return nil, p.fail(t, "", `"ether" goes with a MAC address: "ether host", "ether src", "ether dst"`)
	case familyWords[w] != 0 && w != "arp":
		n = nouns["address"] // "ip 192.0.2.1"
	case !ok && (q.side != anySide || q.words.text != ""):
		// "src 192.0.2.1": what it is about goes without saying.
		if _, err := parsePrefix(t.text); err == nil {
			return p.valueOf(nouns["address"], q, from)
		}
		return nil, p.unknown(t)
	case !ok || n.kind == wordNoun && p.isCompared():
		return p.field(from)
	}
	p.at++
	return p.valueOf(n, q, from)
}

// fits checks that a noun can have the qualifiers in front of it.
func (p *parser) fits(n *noun, q qualifier) error {
	t := p.toks[max(p.at-1, 0)]
	if q.side != anySide && n.src == 0 && n.kind != ifaceNoun {
		return p.fail(t, "", "%q has no sides", t.text)
	}
	about := n.src
	if about == 0 {
		about = n.plain
	}
	if q.scope != outer && scoped[about][q.scope] == 0 {
		return p.fail(t, "", "%q does not go with %q", t.text, q.scope)
	}
	return nil
}

// isCompared reports whether an operator follows the present word.
func (p *parser) isCompared() bool {
	next := p.ahead(1)
	if isWord(next, "not") {
		next = p.ahead(2)
	}
	_, ok := comparisons[next.text]
	return ok && next.kind == tokOp || isWord(next, "in")
}

func (p *parser) unknown(t token) error {
	hint := suggest(t.text, vocabulary)
	if _, err := parsePrefix(t.text); err == nil {
		hint = fmt.Sprintf("did you mean %q?", "address "+t.text)
	} else if p.startsNumber() {
		hint = "a number needs a word in front, such as \"port\""
	}
	return p.fail(t, hint, "unknown word %s", quoted(t))
}

// subject returns the fields that a noun with qualifiers is about.
func (p *parser) subject(n *noun, q qualifier) (subject, error) {
	t := p.toks[max(p.at-1, 0)]
	fields := []flow.Field{n.src, n.dst, n.plain}
	switch q.side {
	case srcSide:
		fields = []flow.Field{n.src}
	case dstSide:
		fields = []flow.Field{n.dst}
	case eitherSide, bothSides:
		fields = []flow.Field{n.src, n.dst}
	}
	s := subject{all: q.side == bothSides}
	for _, f := range fields {
		f, err := p.inScope(f, q, t)
		if err != nil {
			return s, err
		}
		if f != 0 {
			s.fields = append(s.fields, f)
		}
	}
	return s, nil
}

// valued reads the value of a term, and remembers how, so that it can be given
// again behind "and" and "or".
func (p *parser) valued(q qualifier, from int, value func() (node, error)) (node, error) {
	p.last = &repeat{words: p.source(from, p.at), value: func() (node, error) {
		n, err := value()
		if err != nil {
			return nil, err
		}
		return join(opAnd, append(q.conds[:len(q.conds):len(q.conds)], n)), nil
	}}
	return p.last.value()
}

// valueOf reads what stands behind a noun.
func (p *parser) valueOf(n *noun, q qualifier, from int) (node, error) {
	if err := p.fits(n, q); err != nil {
		return nil, err
	}
	switch n.kind {
	case wordNoun:
		return join(opAnd, append(q.conds, n.is)), nil
	case directionNoun:
		if d, ok := nouns[strings.ToLower(p.peek().text)]; ok && d.kind == wordNoun && d.is != node(constant(true)) && p.isWord("incoming", "outgoing", "ingress", "egress") {
			p.at++
			return d.is, nil
		}
		return nil, p.expected(`"incoming" or "outgoing"`)
	case ifaceNoun:
		return p.iface(q, from)
	case icmpNoun:
		return p.icmp(q, from)
	case extremeNoun:
		if !p.take("ttl") {
			return nil, p.expected(`"ttl"`)
		}
	case tagNoun, labelNoun:
		if p.take("label") || p.isOp("=", "==", "!=", "<", "<=", ">", ">=") || p.isWord("in", "eq", "ne", "lt", "le", "gt", "ge") || p.isWord("not") && isWord(p.ahead(1), "in") || p.startsNumber() {
			break
		}
		s, err := p.subject(n, q)
		if err != nil {
			return nil, err
		}
		var there []node
		for _, f := range s.fields {
			there = append(there, presence{f})
		}
		op := opOr
		if s.all {
			op = opAnd
		}
		return join(opAnd, append(q.conds, join(op, there))), nil
	}
	s, err := p.subject(n, q)
	if err != nil {
		return nil, err
	}
	return p.valued(q, from, func() (node, error) { return p.value(n, q, s) })
}

func (p *parser) startsNumber() bool {
	t := p.peek()
	c := trimAS(t.text + " ")[0]
	return t.kind == tokWord && c >= '0' && c <= '9'
}

// value reads the value of a noun, of which there may be several in a row behind
// "and" and "or".
func (p *parser) value(n *noun, q qualifier, s subject) (node, error) {
	switch n.kind {
	case addressNoun, netNoun:
		return p.addresses(s, n.kind == netNoun)
	case macNoun:
		return p.numbers(s, &noun{what: "a MAC address"}, flow.KindMAC)
	case countryNoun:
		return p.country(s, q)
	case rpkiNoun:
		return p.rpki(n, s, q)
	case ecnNoun:
		return p.ecn(n, s)
	case flagsNoun:
		return p.flags(s.fields[0], q)
	case ratioNoun:
		return p.ratio(n)
	case lessNoun, greaterNoun:
		v, _, err := p.plainNumber(n.what, counts)
		if n.kind == lessNoun {
			return &ratios{n.quantity, []interval{atMost(v)}}, err
		}
		return &ratios{n.quantity, []interval{atLeast(v)}}, err
	case pathNoun:
		return p.path(s.fields[0], n)
	case asPathNoun:
		return p.asPath(n, q)
	case communityNoun:
		return p.community(s)
	case largeNoun:
		return p.largeCommunity(s.fields[0])
	case labelNoun:
		return p.elements(s.fields[0], n)
	}
	return p.numbers(s, n, s.fields[0].Info().Kind)
}
