package filter

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/flowpipeline/pipeline/flow"
)

// comparisons are the operators that can stand in front of a value.
var comparisons = map[string]comparison{
	"=": equal, "==": equal, "eq": equal, "!=": unequal, "ne": unequal,
	"<": lessThan, "lt": lessThan, "<=": lessOrEqual, "le": lessOrEqual,
	">": greaterThan, "gt": greaterThan, ">=": greaterOrEqual, "ge": greaterOrEqual,
}

// comparison reads an operator, if there is one.
func (p *parser) comparison() (comparison, bool) {
	t := p.peek()
	if t.kind != tokOp && t.kind != tokWord {
		return equal, false
	}
	c, ok := comparisons[strings.ToLower(t.text)]
	if ok {
		p.at++
	}
	return c, ok
}

// negated wraps a node.
func negated(n node, neg bool) node {
	if neg {
		return not{n}
	}
	return n
}

// items reads "in [a b]", "in (a, b)", "in @name", or else one value, with "=" or
// "!=" in front or nothing. Each value is read by item.
func (p *parser) items(item func() error) (named *Set, neg bool, err error) {
	switch {
	case p.isWord("not") && isWord(p.ahead(1), "in"):
		p.at++
		neg = true
		fallthrough
	case p.isWord("in"):
		p.at++
		named, err = p.in(item)
		return named, neg, err
	}
	t := p.peek()
	op, given := p.comparison()
	if given && op != equal && op != unequal {
		return nil, false, p.fail(t, "", "%s does not go with this", quoted(t))
	}
	return nil, given && op == unequal, item()
}

// in reads what stands behind "in".
func (p *parser) in(item func() error) (*Set, error) {
	t := p.peek()
	if t.kind == tokWord && strings.HasPrefix(t.text, "@") {
		p.at++
		if s, ok := p.sets[t.text[1:]]; ok {
			return s, nil
		}
		return nil, p.fail(t, suggest(t.text[1:], slices.Sorted(maps.Keys(p.sets))), "there is no set @%s", t.text[1:])
	}
	end := ""
	switch {
	case p.isOp("["):
		end = "]"
	case p.isOp("("):
		end = ")"
	default:
		return nil, p.expected(`a list like "[80 443]" or a set like "@name"`)
	}
	open := p.next()
	for n := 0; ; n++ {
		for p.isOp(",") {
			p.at++
		}
		if p.isOp(end) {
			p.at++
			if n == 0 {
				return nil, p.fail(open, "", "the list is empty")
			}
			return nil, nil
		}
		if p.peek().kind == tokEnd {
			return nil, p.fail(open, "", "the list is never closed")
		}
		if n == MaxSet {
			return nil, p.fail(p.peek(), "", "more than %d values", MaxSet)
		}
		if err := item(); err != nil {
			return nil, err
		}
	}
}

// numbers reads the value of a term about numbers.
func (p *parser) numbers(s subject, n *noun, kind flow.Kind) (node, error) {
	if len(s.fields) == 1 {
		if n, err := p.againstField(s.fields[0]); n != nil || err != nil {
			return n, err
		}
	}
	set, named, neg, err := p.numberSet(n, kind)
	if err != nil {
		return nil, err
	}
	return negated(&numbers{subject: s, kind: kind, set: set, named: named}, neg), nil
}

func (p *parser) numberSet(n *noun, kind flow.Kind) (set ranges, named *Set, neg bool, err error) {
	most := n.most
	if most == 0 {
		most = greatest(kind)
	}
	scale := max(n.scale, 1)
	scaled := func(spans []span) ranges {
		for i, s := range spans {
			spans[i] = span{s.lo * scale, min(saturate(min(s.hi, math.MaxUint64/scale)*scale, scale-1), greatest(kind))}
		}
		return newRanges(spans)
	}
	start := p.at
	if op, ok := p.comparison(); ok && op != equal && op != unequal && !p.isNameAt(start, n) {
		s, err := p.compared(op, n, kind, greatest(kind)/scale)
		return scaled(s), nil, false, err
	}
	p.at = start
	var spans []span
	if _, ok := p.comparison(); ok && p.isNameAt(start, n) {
		r, _ := n.names(strings.ToLower(p.toks[start].text))
		return scaled(slices.Clone(r)), nil, false, nil
	}
	p.at = start
	named, neg, err = p.items(func() error {
		more, err := p.numberItem(n, kind, most)
		spans = append(spans, more...)
		return err
	})
	if named != nil && scale > 1 {
		return nil, nil, false, p.noSet()
	}
	return scaled(spans), named, neg, err
}

// isNameAt reports whether what was read as an operator is the name of a value, as
// "le" is that of a DSCP: nothing follows that it could compare with.
func (p *parser) isNameAt(at int, n *noun) bool {
	if n.names == nil {
		return false
	}
	_, ok := n.names(strings.ToLower(p.toks[at].text))
	return ok && (p.ends() || p.isWord("and", "or") || p.isOp("&&", "||"))
}

// compared reads the number behind <, <=, > or >=, which may be more than the
// field can hold: up to top.
func (p *parser) compared(op comparison, n *noun, kind flow.Kind, top uint64) ([]span, error) {
	t := p.peek()
	spans, err := p.numberItem(n, kind, math.MaxUint64)
	if err != nil {
		return nil, err
	}
	if len(spans) != 1 || spans[0].lo != spans[0].hi {
		return nil, p.fail(t, "", "%s is compared with one number, not with a range", op)
	}
	switch v := spans[0].lo; {
	case op == lessThan && v == 0, op == greaterThan && v >= top, op == greaterOrEqual && v > top:
		return nil, nil
	case op == lessThan:
		return []span{{0, min(v-1, top)}}, nil
	case op == lessOrEqual:
		return []span{{0, min(v, top)}}, nil
	case op == greaterThan:
		return []span{{v + 1, top}}, nil
	default:
		return []span{{v, top}}, nil
	}
}

// numberItem reads a number, a range or a name.
func (p *parser) numberItem(n *noun, kind flow.Kind, most uint64) ([]span, error) {
	t := p.peek()
	if t.kind == tokString && kind == flow.KindTime {
		p.at++
		at, err := time.Parse(time.RFC3339Nano, t.text)
		if err != nil {
			return nil, p.fail(t, "", `%s is no time like "2026-01-31T12:00:00Z"`, quoted(t))
		}
		return one(uint64(at.UnixNano())), nil
	}
	if t.kind != tokWord || p.isWord("and", "or", "not") {
		return nil, p.expected(n.what)
	}
	p.at++
	if n.names != nil {
		if r, ok := n.names(strings.ToLower(t.text)); ok {
			return slices.Clone(r), nil
		}
	}
	if kind == flow.KindMAC {
		return p.macItem(t)
	}
	text, at := p.joined(t)
	t.at = at
	s, err := parseSpan(trimAS(text), counts)
	if n.nanos && err != nil {
		s, err = parseSpan(text, times)
	}
	switch {
	case err != nil && n.names != nil && !strings.ContainsAny(text[:1], "0123456789"):
		return nil, p.fail(t, suggest(text, n.known), "%q is not %s", text, n.what)
	case err != nil && unicode.IsLetter(rune(text[0])):
		return nil, p.fail(t, "", "expected %s, not %q", n.what, text)
	case err != nil:
		return nil, p.fail(t, "", "%v", err)
	case s.hi > most:
		return nil, p.fail(t, "", "%d is more than %s can be (%d)", s.hi, n.what, most)
	}
	return []span{s}, nil
}

// joined reads the rest of a range that is written with blanks, "80 - 90".
func (p *parser) joined(t token) (string, place) {
	text, at := t.text, t.at
	if text[0] < '0' || text[0] > '9' {
		return text, at
	}
	more := func() bool {
		next := p.peek()
		return next.kind == tokWord && (strings.HasPrefix(next.text, "-") || strings.HasSuffix(text, "-")) && !p.isWord("and", "or")
	}
	for more() {
		next := p.next()
		text, at.to = text+next.text, next.at.to
	}
	return text, at
}

func (p *parser) macItem(t token) ([]span, error) {
	m, err := flow.ParseMAC(t.text)
	if err != nil {
		return nil, p.fail(t, "", "%s is no MAC address", quoted(t))
	}
	return one(m.Uint64()), nil
}

// plainNumber reads one number.
func (p *parser) plainNumber(what string, u unitClass) (v, width uint64, err error) {
	t := p.peek()
	if t.kind != tokWord {
		return 0, 0, p.expected(what)
	}
	p.at++
	if v, width, err = parseNumber(t.text, u); err != nil {
		return 0, 0, p.fail(t, "", "%v", err)
	}
	return v, width, nil
}

// ratio reads the value of a rate or a duration. Without an operator it is whole
// numbers that are compared, rounded down.
func (p *parser) ratio(n *noun) (node, error) {
	u := counts
	if n.quantity == duration {
		u = times
	}
	start := p.at
	if op, ok := p.comparison(); ok && op != equal && op != unequal {
		v, _, err := p.plainNumber(n.what, u)
		if err != nil {
			return nil, err
		}
		if u == times {
			p.noteSeconds(p.toks[p.at-1], v)
		}
		iv := map[comparison]func(uint64) interval{lessThan: below, lessOrEqual: atMost, greaterThan: above, greaterOrEqual: atLeast}[op](v)
		return &ratios{n.quantity, []interval{iv}}, nil
	}
	p.at = start
	r := &ratios{what: n.quantity}
	named, neg, err := p.items(func() error {
		t := p.peek()
		if t.kind != tokWord {
			return p.expected(n.what)
		}
		p.at++
		text, at := p.joined(t)
		t.at = at
		s, err := parseSpan(text, u)
		if err != nil {
			return p.fail(t, "", "%v", err)
		}
		if u == times {
			p.noteSeconds(t, s.hi)
		}
		iv := interval{lo: s.lo, hi: saturate(s.hi, 1), hiOpen: true, endless: s.hi == math.MaxUint64}
		r.in = append(r.in, iv)
		return nil
	})
	if named != nil {
		return nil, p.noSet()
	}
	return negated(r, neg), err
}

// addresses reads addresses and prefixes.
func (p *parser) addresses(s subject, net bool) (node, error) {
	var spans []wideSpan
	named, neg, err := p.items(func() error {
		more, err := p.addressItem(net)
		spans = append(spans, more...)
		return err
	})
	if err != nil {
		return nil, err
	}
	a := &addrs{subject: s, named: named}
	if named == nil {
		a.set = joinSpans(spans)
	}
	return negated(a, neg), nil
}

func (p *parser) addressItem(net bool) ([]wideSpan, error) {
	if !net && p.isWord("ip") { // nfdump's "router ip"
		p.at++
	}
	t := p.peek()
	if t.kind != tokWord || p.isWord("and", "or", "not") {
		return nil, p.expected("an address")
	}
	p.at++
	// The length may stand apart, as "192.0.2.0 /24" and "net 192.0.2.0 mask
	// 255.255.255.0".
	for next := p.peek(); next.kind == tokWord && (strings.HasPrefix(next.text, "/") || strings.HasSuffix(t.text, "/")); next = p.peek() {
		p.at++
		t.text, t.at.to = t.text+next.text, next.at.to
	}
	if net {
		t.text = wholeNet(t.text)
		if mask := p.peek(); p.isWord("mask") || isMask(mask.text) && mask.kind == tokWord {
			p.take("mask")
			mask = p.next()
			bits, ok := maskBits(mask.text)
			if !ok {
				return nil, p.fail(mask, "", "%s is no network mask", quoted(mask))
			}
			t.text = fmt.Sprintf("%s/%d", strings.TrimSuffix(t.text, "/32"), bits)
		}
	}
	spans, err := parseAddrs(t.text)
	if err == nil {
		return spans, nil
	}
	hint := ""
	if !strings.Contains(t.text, ":") && strings.IndexFunc(t.text, func(r rune) bool { return r > 'f' }) >= 0 {
		hint = "names are not looked up"
	}
	return nil, p.fail(t, hint, "%v", err)
}

// wholeNet completes the beginning of an IPv4 address, "10" or "192.168", to the
// prefix that tcpdump takes it for.
func wholeNet(s string) string {
	addr, bits, given := strings.Cut(s, "/")
	dots := strings.Count(addr, ".")
	if dots >= 3 || strings.Contains(addr, ":") || strings.Trim(addr, "0123456789.") != "" || addr == "" {
		return s
	}
	if !given {
		bits = fmt.Sprint(8 * (dots + 1))
	}
	return addr + strings.Repeat(".0", 3-dots) + "/" + bits
}

func isMask(s string) bool {
	_, ok := maskBits(s)
	return ok && strings.HasPrefix(s, "255")
}

// maskBits returns the prefix length of a network mask.
func maskBits(s string) (int, bool) {
	p, err := parsePrefix(s)
	if err != nil || !p.Addr().Is4() {
		return 0, false
	}
	a := p.Addr().As4()
	mask := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	n := 0
	for mask&(1<<31) != 0 {
		mask <<= 1
		n++
	}
	return n, mask == 0
}

// texts reads the value of a term about texts; op is meant where no operator is
// given.
func (p *parser) texts(s subject, op textOp) (node, error) {
	p.last.quoted = true
	neg := false
	switch {
	case p.isOp("=~", "!~"):
		op, neg = textMatches, p.next().text == "!~"
	case p.take("contains"):
		op = textContains
	case p.isWord("in") || p.isWord("not") || p.isOp("=", "==", "!="):
		op = textIs
	}
	var values []node
	named, not, err := p.items(func() error {
		t := p.peek()
		if t.kind != tokString && t.kind != tokWord || p.isWord("and", "or", "not") {
			return p.expected("a text in quotes")
		}
		p.at++
		n, err := newTexts(s, op, t.text)
		if err != nil {
			return p.fail(t, "", "%v", err)
		}
		values = append(values, n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if named != nil {
		return negated(&texts{subject: s, named: named}, not), nil
	}
	return negated(join(opOr, values), neg != not), nil
}

// noSet is the mistake of a named set where its values have no meaning.
func (p *parser) noSet() error {
	return p.fail(p.toks[p.at-1], "", "a set holds no such values")
}
