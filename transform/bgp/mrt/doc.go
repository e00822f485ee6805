// Package mrt reads the routes of MRT dumps of a RIB (RFC 6396: TABLE_DUMP_V2, and
// RFC 8050), as routers and collectors of routes write them.
//
//	rib, err := mrt.Open("rib.20260101.0000.gz")
//	…
//	rpki.Validate(rpki.RTR("cache"), rpki.Routes(rib))
//
// Of a prefix's paths, one of each peer, the origin AS is that of most. A path that
// ends in an AS_SET has the origin 0, which is never valid (RFC 6811 2). An empty
// path, as of the own AS, and one that ends in a confederation tell none: the route
// is there, but not told. When a file holds several dumps, the latest record of a
// prefix counts.
package mrt
