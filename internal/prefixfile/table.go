// Package prefixfile reads lists of prefixes with a number and a name each, and
// finds the longest prefix of a list that covers an address.
package prefixfile

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixtable"
)

// MaxEntries bounds a list.
const MaxEntries = 1 << 24

// Entry is what a list tells of a prefix.
type Entry struct {
	Prefix netip.Prefix // masked, and not of mapped IPv4 addresses
	Number uint32
	Name   string
	Line   int // where the list says it, from 1
}

// same reports whether two entries tell the same.
func (e *Entry) same(other *Entry) bool { return e.Number == other.Number && e.Name == other.Name }

// Table is a list to look addresses up in. It does not change, so any number of
// goroutines may ask it.
type Table[T any] struct {
	prefixes *prefixtable.Table
	values   []T // by place
}

// NewTable makes a table whose values are made of the entries. It reorders them.
// A prefix that stands there twice, with different numbers or names, is an error.
func NewTable[T any](entries []Entry, value func(*Entry) T) (*Table[T], error) {
	slices.SortStableFunc(entries, func(a, b Entry) int { return prefixtable.Compare(a.Prefix, b.Prefix) })
	t := new(Table[T])
	prefixes := make([]netip.Prefix, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		if i == 0 || e.Prefix != entries[i-1].Prefix {
			prefixes = append(prefixes, e.Prefix)
			t.values = append(t.values, value(e))
		} else if before := &entries[i-1]; !e.same(before) {
			return nil, fmt.Errorf("line %d: prefix %v is in line %d too, with another meaning", e.Line, e.Prefix, before.Line)
		}
	}
	t.prefixes, _ = prefixtable.New(prefixes)
	return t, nil
}

// Longest returns the value of the longest prefix that covers an address, and false
// where there is none.
func (t *Table[T]) Longest(a flow.Addr) (v T, ok bool) {
	at := t.prefixes.Longest(a)
	if at == prefixtable.None {
		return v, false
	}
	return t.values[at], true
}

// Len returns how many prefixes there are.
func (t *Table[T]) Len() int { return len(t.values) }

// parsePrefix reads a prefix, or an address for the prefix of it alone. Bits behind
// the prefix's length do not count.
func parsePrefix(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, aerr := netip.ParseAddr(text)
		if aerr != nil || a.Zone() != "" {
			return p, fmt.Errorf("%q is no prefix", text)
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	return Plain(p), nil
}

// Plain returns a prefix as an Entry has it.
func Plain(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}
