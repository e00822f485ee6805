package mrt

import (
	"net/netip"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixtable"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

// RIB is the routes of a dump. It does not change, so its methods may be called
// concurrently. It is an rpki.RIB.
type RIB struct {
	prefixes *prefixtable.Table
	routes   []route // by place in prefixes
}

// route is what is known of a prefix.
type route struct {
	rpki.Route
	known bool // that there is an origin
}

// Len returns how many prefixes there are.
func (r *RIB) Len() int { return len(r.routes) }

// Route returns the route of the longest prefix that an address is in; false where
// there is none, or it does not tell an origin. The flow does not matter.
func (r *RIB) Route(_ *flow.Flow, addr flow.Addr) (rpki.Route, bool) {
	at := r.prefixes.Longest(addr)
	if at == prefixtable.None {
		return rpki.Route{}, false
	}
	return r.routes[at].Route, r.routes[at].known
}

// record is what a dump tells of a prefix.
type record struct {
	prefix netip.Prefix
	origin uint32
	known  bool
}

// newRIB makes a RIB of records in the order of the dump.
func newRIB(records []record) *RIB {
	slices.SortStableFunc(records, func(a, b record) int { return prefixtable.Compare(a.prefix, b.prefix) })
	r := &RIB{}
	var prefixes []netip.Prefix
	for i, rec := range records {
		if i+1 < len(records) && records[i+1].prefix == rec.prefix {
			continue // told again later
		}
		prefixes = append(prefixes, rec.prefix)
		r.routes = append(r.routes, route{rpki.Route{PrefixLen: uint8(rec.prefix.Bits()), Origin: rec.origin}, rec.known})
	}
	r.prefixes, _ = prefixtable.New(prefixes)
	return r
}
