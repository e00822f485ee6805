package vrp

import (
	"net/netip"
	"sort"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixtable"
)

// Table tells the origin validation state of routes. It does not change, so any
// number of goroutines may ask it.
type Table struct {
	prefixes *prefixtable.Table
	covering []covering  // by place in prefixes
	others   []allowance // behind the first of their prefix, by AS
}

// covering is what is known of a prefix. Most have one VRP: it is here, and not
// elsewhere, for each further look at memory costs as much as the search.
type covering struct {
	allowance
	bits   uint8
	others uint32 // where in others
	count  uint32 // how many
	around uint32 // place of the longest prefix around this one
}

// allowance is an AS and the greatest length of the routes that it may originate.
type allowance struct {
	asn    uint32
	maxLen uint8
}

// NewTable makes the table of a set.
func NewTable(set Set) *Table {
	t := new(Table)
	var prefixes []netip.Prefix
	for len(set) > 0 {
		of := set.first()
		prefixes = append(prefixes, of[0].Prefix())
		c := covering{allowance: allowance{of[0].ASN, of[0].MaxLen}, bits: of[0].Bits, others: uint32(len(t.others))}
		for i, v := range of[1:] {
			if v.ASN != of[i].ASN { // the first of an AS has the greatest length
				t.others = append(t.others, allowance{v.ASN, v.MaxLen})
			}
		}
		c.count = uint32(len(t.others)) - c.others
		t.covering = append(t.covering, c)
		set = set[len(of):]
	}
	var around []uint32
	t.prefixes, around = prefixtable.New(prefixes)
	for i := range t.covering {
		t.covering[i].around = around[i]
	}
	return t
}

// Validate returns the state of the route to an address whose prefix has so many
// bits, and why it is invalid, as the values of the schema's enums (RFC 6811 2).
// Origin 0 is that of a route without one, whose path ends in an AS_SET: it is
// never valid.
func (t *Table) Validate(addr flow.Addr, bits uint8, origin uint32) (state, reason uint8) {
	state = flow.RPKINotFound
	for at := t.prefixes.Longest(addr); at != prefixtable.None; {
		c := &t.covering[at]
		at = c.around
		if c.bits > bits {
			continue // in the route, not around it
		}
		if state == flow.RPKINotFound {
			state, reason = flow.RPKIInvalid, flow.RPKIReasonOrigin
		}
		a := c.allowance
		if a.asn != origin && c.count > 0 {
			a = find(t.others[c.others:][:c.count], origin)
		}
		if a.asn != origin || origin == 0 {
			continue
		}
		if bits <= a.maxLen {
			return flow.RPKIValid, flow.RPKIReasonNone
		}
		reason = flow.RPKIReasonLength
	}
	return state, reason
}

// find returns what a list has for an AS, or else for another.
func find(list []allowance, asn uint32) allowance {
	i := sort.Search(len(list)-1, func(i int) bool { return list[i].asn >= asn })
	return list[i]
}
