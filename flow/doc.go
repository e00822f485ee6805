// Package flow is the record that travels through a pipeline: Flow, a struct
// without pointers that is generated from the schema table, and Batch, the
// contiguous set of flows that stages work on.
//
// # Fields
//
// Fields that most flows carry are members of Flow. Read them directly, write
// them with their Set method, which also marks them present:
//
//	if fl.Has(flow.FieldDstPort) && fl.DstPort == 443 {
//		fl.SetDstCustomerID(7)
//	}
//
// Unknown is absent, never a made-up 0 or 1. Rarer fields (address translation,
// AS paths, packet statistics, process …) are columns of the batch that exist
// only once a stage wrote them:
//
//	b.SetASPath(fl, []uint32{64500, 64501})
//	path, ok := b.ASPath(fl)
//
// docs/fields.md lists them all. A field that the schema lacks is an Extension.
//
// # Text
//
// Names from a bounded set (interfaces, organisations, customers) are Symbols:
// numbers that the pipeline's Symbols table turns back into text. Text without
// such a bound (host names, notes) lies in the batch's arena: it is set as a
// string, and read as bytes that are the batch's.
//
// # Lifetime
//
// A batch is yours until your method returns. To read it later, Retain it. To
// finish it later, Hold it. Only transforms write, and sinks come last.
package flow

//go:generate go run ../internal/cmd/schemagen
