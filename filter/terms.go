package filter

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// iface reads a term about interfaces: by ifIndex, name, description or speed.
func (p *parser) iface(q qualifier, from int) (node, error) {
	n := &noun{what: `an ifIndex, "name", "desc" or "speed"`, src: flow.FieldInIf, dst: flow.FieldOutIf}
	isName := p.peek().kind == tokString || p.isOp("=~", "!~") || p.isWord("contains")
	switch {
	case p.take("id"):
		n.what = "an ifIndex"
	case p.take("name") || isName:
		n = &noun{src: flow.FieldInIfName, dst: flow.FieldOutIfName}
		isName = true
	case p.take("desc"):
		n = &noun{src: flow.FieldInIfDesc, dst: flow.FieldOutIfDesc}
		isName = true
	case p.take("speed"):
		n = &noun{what: "a speed in Gbit/s", src: flow.FieldInIfSpeed, dst: flow.FieldOutIfSpeed, scale: 1000, most: math.MaxUint32 / 1000}
	}
	s, err := p.subject(n, q)
	if err != nil {
		return nil, err
	}
	return p.valued(q, from, func() (node, error) {
		if isName {
			return p.texts(s, textContains)
		}
		return p.numbers(s, n, flow.KindU32)
	})
}

// country reads countries. Without a side it is that of the remote side or, where
// that is not known, of either.
func (p *parser) country(s subject, q qualifier) (node, error) {
	var spans []span
	named, neg, err := p.countryItems(func() error {
		t := p.peek()
		c, ok := flow.ParseCountry(t.text)
		if !ok || t.text == "" || t.kind != tokWord && t.kind != tokString {
			return p.expected("a country of two letters")
		}
		p.at++
		spans = append(spans, one(countryNumber(c))...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	in := func(s subject) node {
		return &numbers{subject: s, kind: flow.KindCountry, set: newRanges(spans), named: named}
	}
	if q.side != anySide {
		return negated(in(s), neg), nil
	}
	remote := only(flow.FieldRemoteCountry)
	unknown := &numbers{subject: remote, kind: flow.KindCountry, set: one(0)}
	return negated(either(in(remote), both(unknown, in(s))), neg), nil
}

// countryItems is items for countries, of which some are words of the language:
// India is IN, Niger NE.
func (p *parser) countryItems(item func() error) (*Set, bool, error) {
	next := p.ahead(1)
	isCountry := next.kind == tokEnd || next.kind == tokOp && next.text != "[" && next.text != "(" || isWord(next, "and", "or")
	if p.isWord("in", "ne", "ge", "gt", "lt", "le", "eq") && isCountry {
		return nil, false, item()
	}
	return p.items(item)
}

// rpki reads a validation state. Without a side a state is that of the source, of
// the destination or of the router's word; "unknown" that of all three.
func (p *parser) rpki(n *noun, s subject, q qualifier) (node, error) {
	set, named, neg, err := p.numberSet(n, flow.KindU8)
	if err != nil {
		return nil, err
	}
	if named != nil {
		return nil, p.noSet()
	}
	test := func(s subject, set ranges) node { return &numbers{subject: s, kind: flow.KindU8, set: set} }
	if q.side != anySide {
		return negated(test(s, set), neg), nil
	}
	s.fields = append(s.fields, flow.FieldValidationStatus)
	known := test(s, set.intersect(ranges{{1, 255}}))
	if !set.has(uint64(flow.RPKIUnknown)) {
		return negated(known, neg), nil
	}
	s.all = true
	return negated(either(known, test(s, one(uint64(flow.RPKIUnknown)))), neg), nil
}

// ecn reads the low two bits of the type of service.
func (p *parser) ecn(n *noun, s subject) (node, error) {
	set, named, neg, err := p.numberSet(n, flow.KindU8)
	if err != nil {
		return nil, err
	}
	if named != nil {
		return nil, p.noSet()
	}
	var spans []span
	for tos := range uint64(256) {
		if set.has(tos & 3) {
			spans = append(spans, span{tos, tos})
		}
	}
	return negated(&numbers{subject: s, kind: s.fields[0].Info().Kind, set: newRanges(spans)}, neg), nil
}

// flags reads TCP flags: a number is all of them, a name or letters a mask, and
// "S/SA" those in front of the slash alone of those behind it.
func (p *parser) flags(f flow.Field, q qualifier) (node, error) {
	proto, err := p.inScope(flow.FieldProto, q, p.toks[p.at-1])
	if err != nil {
		return nil, err
	}
	var tests []node
	named, neg, err := p.items(func() error {
		n, err := p.flagsItem(proto, f)
		tests = append(tests, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	if named != nil {
		return nil, p.noSet()
	}
	if neg { // of TCP flows
		return both(isNumber(proto, uint64(tcp)), not{join(opOr, tests)}), nil
	}
	return join(opOr, tests), nil
}

func (p *parser) flagsItem(proto, f flow.Field) (node, error) {
	t := p.peek()
	if t.kind != tokWord {
		return nil, p.expected("TCP flags")
	}
	p.at++
	if c := t.text[0]; c >= '0' && c <= '9' && !strings.Contains(t.text, "/") {
		v, err := parsePlain(t.text)
		if err != nil {
			return nil, p.fail(t, "", "%v", err)
		}
		if v > 0xffff {
			return nil, p.fail(t, "", "%d is more than TCP flags can be (65535)", v)
		}
		return &masked{proto, f, 0xffff, uint16(v)}, nil
	}
	set, mask, given := strings.Cut(t.text, "/")
	value, ok := flagMask(set)
	if !ok {
		return nil, p.fail(t, suggest(set, keys(flagNames)), `%q are no TCP flags, which are names like syn, or letters of FSRPAUECN`, set)
	}
	of := value
	if given {
		if of, ok = flagMask(mask); !ok {
			return nil, p.fail(t, suggest(mask, keys(flagNames)), `%q are no TCP flags, which are names like syn, or letters of FSRPAUECN`, mask)
		}
		if value&^of != 0 {
			return nil, p.fail(t, "", "flags in front of the slash are missing behind it")
		}
	}
	return &masked{proto, f, of, value}, nil
}

func flagMask(s string) (uint16, bool) {
	if m, ok := flagNames[strings.ToLower(s)]; ok {
		return m, true
	}
	return flagLetters(s)
}

// headerFlags reads the two idioms that tcpdump's users know:
// "tcp[tcpflags] & (tcp-syn|tcp-ack) != 0" and "tcp[13] & 2 = 2".
func (p *parser) headerFlags() (node, error) {
	p.at += 2
	if !p.take("tcpflags", "13") {
		return nil, p.expected(`"tcpflags" or "13", the part of the header that flows tell`)
	}
	if !p.isOp("]") {
		return nil, p.expected(`"]"`)
	}
	p.at++
	mask := uint16(0xff)
	var err error
	if p.isOp("&") {
		p.at++
		if mask, err = p.headerMask(); err != nil {
			return nil, err
		}
	}
	op, ok := p.comparison()
	if !ok || op != equal && op != unequal {
		return nil, p.expected(`"=" or "!="`)
	}
	value, err := p.headerMask()
	if err != nil {
		return nil, err
	}
	test := &masked{flow.FieldProto, flow.FieldTCPFlags, mask, value}
	if op == unequal {
		return both(isNumber(flow.FieldProto, uint64(tcp)), not{test}), nil
	}
	return test, nil
}

// headerMask reads numbers and flags joined by "|", perhaps in brackets.
func (p *parser) headerMask() (mask uint16, err error) {
	brackets := p.isOp("(")
	if brackets {
		p.at++
	}
	for {
		t := p.peek()
		m, ok := flagNames[strings.ToLower(t.text)]
		if !ok {
			v, err := parsePlain(t.text)
			if err != nil || v > 0xff || t.kind != tokWord {
				return 0, p.expected("TCP flags")
			}
			m = uint16(v)
		}
		p.at++
		if mask |= m; !p.isOp("|") {
			break
		}
		p.at++
	}
	if brackets {
		if !p.isOp(")") {
			return 0, p.expected(`"|" or ")"`)
		}
		p.at++
	}
	return mask, nil
}

// icmp reads ICMP's or ICMPv6's type or code. Exporters without fields of their
// own for them put both into the destination port.
func (p *parser) icmp(q qualifier, from int) (node, error) {
	protocols := ranges{{1, 1}, {58, 58}}
	if strings.ToLower(p.toks[p.at-1].text) != "icmp" {
		protocols = one(58)
	}
	n, f := &noun{what: "an ICMP type"}, flow.FieldICMPType
	switch {
	case p.take("type"):
	case p.take("code"):
		n, f = &noun{what: "an ICMP code"}, flow.FieldICMPCode
	default:
		return nil, p.expected(`"type" or "code"`)
	}
	if q.scope != outer || q.side != anySide {
		return nil, p.fail(p.toks[p.at-1], "", "%q has neither sides nor scopes", "icmp")
	}
	return p.valued(q, from, func() (node, error) {
		set, named, neg, err := p.numberSet(n, flow.KindU8)
		if err != nil {
			return nil, err
		}
		if named != nil {
			return nil, p.noSet()
		}
		var inPort []span
		for v := range uint64(256) {
			switch {
			case !set.has(v):
			case f == flow.FieldICMPType:
				inPort = append(inPort, span{v << 8, v<<8 | 0xff})
			default:
				for kind := range uint64(256) {
					inPort = append(inPort, span{kind<<8 | v, kind<<8 | v})
				}
			}
		}
		own := both(presence{f}, &numbers{subject: only(f), kind: flow.KindU8, set: set})
		port := both(not{presence{f}}, &numbers{subject: only(flow.FieldDstPort), kind: flow.KindU16, set: newRanges(inPort)})
		icmp := &numbers{subject: only(flow.FieldProto), kind: flow.KindU8, set: protocols}
		return both(icmp, negated(either(own, port), neg)), nil
	})
}

// path reads the autonomous systems of "passes-through".
func (p *parser) path(f flow.Field, n *noun) (node, error) {
	var path []uint32
	for len(path) == 0 || p.startsNumber() {
		t := p.peek()
		spans, err := p.numberItem(n, flow.KindU32, greatest(flow.KindU32))
		if err != nil {
			return nil, err
		}
		if spans[0].lo != spans[0].hi {
			return nil, p.fail(t, "", "a path is made of single numbers")
		}
		path = append(path, uint32(spans[0].lo))
	}
	return passesThrough(f, path), nil
}

// asPath reads a test of a whole path: a number in it, or a regular expression
// for its text.
func (p *parser) asPath(n *noun, q qualifier) (node, error) {
	f := map[side]flow.Field{anySide: n.plain, srcSide: n.src, dstSide: n.dst}[q.side]
	if f == 0 {
		return nil, p.fail(p.toks[p.at-1], "", `"aspath" is that of one side`)
	}
	if !p.isOp("=~", "!~") {
		return p.elements(f, n)
	}
	neg := p.next().text == "!~"
	t := p.next()
	if t.kind != tokString {
		p.at--
		return nil, p.expected("a regular expression in quotes")
	}
	re, err := regexp.Compile(t.text)
	if err != nil {
		return nil, p.fail(t, "", "%v", err)
	}
	return negated(&listTest{f, fmt.Sprintf("aspath =~ %q", t.text), func(list []uint32) bool {
		var text []byte
		for i, as := range list {
			if i > 0 {
				text = append(text, ' ')
			}
			text = strconv.AppendUint(text, uint64(as), 10)
		}
		return re.Match(text)
	}}, neg), nil
}

// elements reads a test for elements of a list.
func (p *parser) elements(f flow.Field, n *noun) (node, error) {
	set, named, neg, err := p.numberSet(n, flow.KindU32)
	if err != nil {
		return nil, err
	}
	if named != nil {
		return nil, p.noSet()
	}
	return negated(listHolds(f, set), neg), nil
}

// wellKnown are the communities of IANA's registry that people call by name.
var wellKnown = map[string]string{
	"blackhole": "65535:666", "no-export": "65535:65281", "no-advertise": "65535:65282", "graceful-shutdown": "65535:0",
}

// community reads a community (RFC 1997), of which the second half may be "*".
func (p *parser) community(s subject) (node, error) {
	var spans []span
	named, neg, err := p.items(func() error {
		t := p.peek()
		if t.kind != tokWord {
			return p.expected(`a community like "64500:1" or "64500:*"`)
		}
		p.at++
		text := t.text
		if known, ok := wellKnown[strings.ToLower(text)]; ok {
			text = known
		}
		parts, err := numbersWithStars(text, 2, 0xffff)
		if err != nil {
			return p.fail(t, "", "%v", err)
		}
		for high := parts[0][0].lo; high <= parts[0][0].hi; high++ {
			spans = append(spans, span{high<<16 | parts[1][0].lo, high<<16 | parts[1][0].hi})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if named != nil {
		return nil, p.noSet()
	}
	var tests []node
	for _, f := range s.fields {
		tests = append(tests, listHolds(f, newRanges(spans)))
	}
	op := opOr
	if s.all {
		op = opAnd
	}
	return negated(join(op, tests), neg), nil
}

// largeCommunity reads a large community (RFC 8092), each part of which may be
// "*".
func (p *parser) largeCommunity(f flow.Field) (node, error) {
	p.take("community")
	var tests []node
	named, neg, err := p.items(func() error {
		t := p.peek()
		if t.kind != tokWord {
			return p.expected(`a large community like "64500:1:*"`)
		}
		p.at++
		parts, err := numbersWithStars(t.text, 3, 0xffffffff)
		if err != nil {
			return p.fail(t, "", "%v", err)
		}
		tests = append(tests, listHoldsTriple(f, [3]ranges(parts)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if named != nil {
		return nil, p.noSet()
	}
	return negated(join(opOr, tests), neg), nil
}

// numbersWithStars reads numbers joined by colons, a star for any.
func numbersWithStars(s string, n int, most uint64) ([]ranges, error) {
	parts := strings.Split(s, ":")
	if len(parts) != n {
		return nil, fmt.Errorf("%q is not %d numbers joined by colons", s, n)
	}
	sets := make([]ranges, n)
	for i, part := range parts {
		if part == "*" {
			sets[i] = ranges{{0, most}}
			continue
		}
		v, err := parsePlain(part)
		if err != nil {
			return nil, err
		}
		if v > most {
			return nil, fmt.Errorf("%d is more than %d", v, most)
		}
		sets[i] = one(v)
	}
	return sets, nil
}

// has reads "has" and a field.
func (p *parser) has() (node, error) {
	p.at++
	t := p.peek()
	if t.kind != tokWord {
		return nil, p.expected("a field's name")
	}
	p.at++
	f, ok := p.lookup(t.text)
	switch {
	case ok:
		return presence{f}, nil
	case p.layout != nil:
		return nil, p.fail(t, suggest(t.text, fieldNames()), "there is no field %s", quoted(t))
	}
	return p.later(p.at-2, p.at), nil
}
