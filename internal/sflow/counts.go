package sflow

import "github.com/flowpipeline/pipeline/internal/packet"

// Reason says why something of a datagram was refused.
type Reason uint8

// The reasons. Those of a record leave the rest of its sample, those of a sample
// the rest of its datagram.
const (
	UnsupportedVersion Reason = iota // another version than 5
	TruncatedDatagram                // the header, or samples that it announces, are missing
	BadAgent                         // an agent address of a type that does not exist
	TrailingBytes                    // more bytes than the announced samples take
	TruncatedSample                  // a sample reaches behind the end of the datagram
	BadSample                        // a sample without its fields, or announcing more records than fit
	UnknownSample                    // a format of sample that is not known
	TruncatedRecord                  // a record reaches behind the end of its sample
	BadRecord                        // a record without its fields
	IgnoredRecord                    // a format of record that fills no field
	Reasons                          // how many there are
)

var reasonNames = [Reasons]string{
	"unsupported_version", "truncated_datagram", "bad_agent_address",
	"trailing_bytes", "truncated_sample", "bad_sample", "unknown_sample",
	"truncated_record", "bad_record", "ignored_record",
}

// String returns the reason in the form of a counter's name.
func (r Reason) String() string {
	if r < Reasons {
		return reasonNames[r]
	}
	return "unknown"
}

// Counts is what a Decoder did.
type Counts struct {
	Datagrams      uint64
	Flows          uint64 // flow samples and discarded packets
	CounterSamples uint64
	Refused        [Reasons]uint64
	// Headers counts sampled headers that are no IP packet, by what they are.
	// Their flows have what is known of them.
	Headers [packet.Refusals]uint64
}
