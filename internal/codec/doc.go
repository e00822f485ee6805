// Package codec turns flows into JSON lines, CSV rows and protobuf messages, and
// the first and the last of them back into flows. What depends on the fields is
// generated from the schema table; nothing here uses reflection, and nothing
// allocates once its buffers have grown.
//
// # Presence
//
// A field that is present is written, also when it is 0, and a field that is
// absent is not. In CSV the absent field is the empty one. When reading, null
// is absent, and so is the empty text where an address is expected and a
// sampling rate of 0, which other programs write for "unknown".
//
// # Protobuf
//
// Messages have the field numbers of goflow2's FlowMessage and of flowpipeline's
// EnrichedFlow, and this library's own from 3000 on. Extensions of a Layout have
// no number and are left out.
//
// # Bounds
//
// A list that is read has at most 4096 elements; a longer one is an error.
//
// Encoders and decoders keep buffers: each belongs to one goroutine at a time.
package codec
