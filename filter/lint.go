package filter

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Warning is something in an expression that is allowed, but perhaps not meant.
type Warning struct {
	Line, Column int // from 1, in characters
	Message      string
	at           place
	expr         string
}

// String returns the place, the message, and the line with a mark under the
// place.
func (w Warning) String() string {
	return fmt.Sprintf("%d:%d: %s\n%s", w.Line, w.Column, w.Message, mark(w.expr, w.at))
}

// Lint looks for what is allowed in an expression but perhaps not meant: "and" and
// "or" mixed without brackets, parts that are always or never true, and durations
// that look like nfdump's milliseconds. The error is that of Parse.
func Lint(text string, opts ...Option) ([]Warning, error) {
	o := newOptions(opts)
	if _, err := Parse(text, opts...); err != nil {
		return nil, err
	}
	p, err := newParser(text, o)
	if err != nil {
		return nil, err
	}
	p.linting = true
	n, err := p.whole()
	if err != nil {
		return nil, err
	}
	layout, err := flow.NewLayout(o.exts...)
	if err != nil {
		return nil, err
	}
	p.constants(n, layout)
	slices.SortStableFunc(p.notes, func(a, b Warning) int { return a.at.from - b.at.from })
	return p.notes, nil
}

func (p *parser) note(at place, format string, args ...any) {
	if !p.linting {
		return
	}
	line, column := position(p.expr, at.from)
	p.notes = append(p.notes, Warning{line, column, fmt.Sprintf(format, args...), at, p.expr})
}

// noteMixed warns of "and" and "or" side by side, and tells how others read it.
func (p *parser) noteMixed(from int, terms []node, ops []operator) {
	if !p.linting {
		return
	}
	ours := textOf(p.bind(terms, ops))
	said := map[string]bool{ours: true}
	var others []string
	for _, other := range []struct {
		who  string
		read node
	}{
		{"from the right", rightToLeft(terms, ops)},
		{"with \"and\" before \"or\", as in nfdump,", standard(terms, ops)},
		{"from the left, as in tcpdump,", leftToRight(terms, ops)},
	} {
		if text := textOf(other.read); !said[text] {
			said[text] = true
			others = append(others, fmt.Sprintf("%s it is %s", other.who, text))
		}
	}
	if len(others) > 0 {
		p.note(p.placeOf(from, p.at), "\"and\" and \"or\" without brackets: taken for %s; %s", ours, strings.Join(others, "; "))
	}
}

func leftToRight(terms []node, ops []operator) node {
	n := terms[0]
	for i, op := range ops {
		n = join(op, []node{n, terms[i+1]})
	}
	return n
}

// noteFlags warns of "not flags AFRPU", which in nfdump has been read as "none of
// them".
func (p *parser) noteFlags(n node) {
	w, ok := n.(*words)
	if !ok {
		return
	}
	m, ok := w.of.(*masked)
	if !ok || m.value != m.mask || bits.OnesCount16(m.value) < 2 || m.mask == 0xffff {
		return
	}
	p.note(w.at, "\"not\" in front of several flags: matches also where only some of them are missing; write \"flags S/SA\" for S without A")
}

// noteSeconds warns of a number of seconds that is more likely one of
// milliseconds.
func (p *parser) noteSeconds(t token, ns uint64) {
	const hour = 3600e9
	if ns > hour && strings.Trim(t.text, "0123456789-") == "" {
		p.note(t.at, "durations are in seconds: this is %v; write %sms for milliseconds, as nfdump has them", time.Duration(ns), t.text)
	}
}

// constants warns of parts that are always or never true, the innermost ones
// alone. It reports whether it found one.
func (p *parser) constants(n node, l *flow.Layout) (found bool) {
	switch n := n.(type) {
	case not:
		return p.constants(n.of, l)
	case list:
		for _, t := range n.terms {
			if p.constants(t, l) {
				found = true
			}
		}
		if found {
			return true
		}
	case constant:
		return false
	}
	if w, ok := n.(*words); ok && w.of == node(constant(true)) {
		return false // "any" means to
	}
	t, err := n.normal(l, false)
	c, ok := t.(constant)
	if err != nil || !ok || hasConstant(n) {
		return false
	}
	from, to := extent(n)
	if c {
		p.note(place{from, to}, "always true")
	} else {
		p.note(place{from, to}, "never true")
	}
	return true
}

// hasConstant reports whether a constant was written into a list, as by an
// operator behind which nothing follows.
func hasConstant(n node) bool {
	l, ok := n.(list)
	if !ok {
		return false
	}
	for _, t := range l.terms {
		if _, ok := t.(constant); ok {
			return true
		}
	}
	return false
}

// extent is where a node stands.
func extent(n node) (from, to int) {
	switch n := n.(type) {
	case *words:
		return n.at.from, n.at.to
	case not:
		return extent(n.of)
	case list:
		from, _ = extent(n.terms[0])
		_, to = extent(n.terms[len(n.terms)-1])
	}
	return from, to
}
