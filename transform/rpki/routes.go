package rpki

import "github.com/flowpipeline/pipeline/flow"

// Route is what origin validation needs to know of a route.
type Route struct {
	PrefixLen uint8  // bits of the prefix, up to 32 or 128
	Origin    uint32 // last AS of the path; 0 where that is an AS_SET (RFC 6811 2)
}

// RIB tells routes.
type RIB interface {
	// Route returns the best route to an address of a flow, its source or its
	// destination, and false where there is none. It may be called concurrently.
	Route(fl *flow.Flow, addr flow.Addr) (r Route, ok bool)
}

// asTrans stands for an AS number of four bytes where two have to do (RFC 6793).
const asTrans = 23456

// told returns the route that a flow tells.
func told(addr flow.Addr, bits uint8, asn uint32) (r Route, ok bool) {
	most := uint8(128)
	if addr.Is4() {
		most = 32
	}
	ok = bits > 0 && bits <= most && asn != 0 && asn != asTrans && !addr.IsZero()
	return Route{bits, asn}, ok
}
