package sflow

import (
	"fmt"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// Kind is a kind of sample.
type Kind uint8

// The kinds of samples.
const (
	Flows    Kind = iota // packets that were sampled
	Counters             // counters of a data source
	Drops                // packets that were dropped
	Kinds                // how many there are
)

var kindNames = [Kinds]string{"flow", "counter", "drop"}

// String returns the kind in the form of a counter's name.
func (k Kind) String() string {
	if k < Kinds {
		return kindNames[k]
	}
	return "unknown"
}

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

// Refusal reports whether the reason is one of damage.
func (r Reason) Refusal() bool { return r != TrailingBytes && r != IgnoredRecord }

// Example is where something was refused.
type Example struct {
	Reason   Reason
	Agent    flow.Addr // the sender's address if the datagram does not tell the agent's
	SubAgent uint32
}

// String describes the example for a log line.
func (e Example) String() string {
	return fmt.Sprintf("%s: agent %s, sub-agent %d", e.Reason, e.Agent, e.SubAgent)
}

// Counts is what a Decoder did.
type Counts struct {
	AgentCounts
	CounterRecords uint64 // counter samples that became a record
	Untracked      uint64 // datagrams and samples whose numbers are not followed, since there are too many
	// Headers counts sampled headers that are no IP packet, by what they are.
	// Their flows have what is known of them.
	Headers [packet.Refusals]uint64
}

// AgentCounts is what came, and did not come, from one agent or all.
type AgentCounts struct {
	Datagrams     uint64
	LostDatagrams uint64          // missing by their numbers
	LateDatagrams uint64          // after their successors: they were counted as lost
	Samples       [Kinds]uint64   // by Kind
	LostSamples   [Kinds]uint64   // missing by their numbers, those of lost datagrams among them
	Resets        uint64          // numbers that began anew
	Refused       [Reasons]uint64 // by Reason
}

// Agent is what came from one sub-agent.
type Agent struct {
	Exporter flow.Addr
	SubAgent uint32
	AgentCounts
}
