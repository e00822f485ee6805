// Package fields takes fields out of flows, so that what nobody needs is neither
// sent nor stored.
//
//	fields.Keep("src_addr", "dst_addr", "bytes", "packets")
//	fields.Drop("src_mac", "dst_mac", "user_name")
//
// A field goes by any of its names: in JSON and filters, in Go, or in the .proto;
// an extension by its own. A name that no field has, and an empty list, are mistakes
// that Build reports.
//
// A field that was taken out is absent, as if nobody had told it. Derived fields stay
// unless they are named: the text of an address, a country, the name of an AS.
package fields
