// Package sflow decodes sFlow version 5 datagrams into flows.
//
// Each flow sample and expanded flow sample becomes one flow: one packet, its
// frame's length in bytes, and the rate that stands for the packets that were not
// sampled. Nothing is multiplied. The outermost packet header fills the flow's own
// fields, what a tunnel carries the inner ones.
//
// A dropped packet becomes a record of that type, which counts its frame among the
// dropped ones. With Config.Counters a sample of an interface's counters becomes a
// record too.
//
// The exporter is the agent whose address the datagram tells, the observation
// domain its sub-agent, the sampler its data source. A datagram tells no wall
// clock, so all times of a flow are that of receipt.
//
// Damage stays where it is: a bad record costs that record, a bad sample that
// sample. Counts says by reason what was refused, Agents also by exporter. Each
// decoder follows the numbers of the datagrams and samples that it decodes, to
// count what is missing.
//
// References: sFlow version 5 (sflow.org, July 2004); the extensions for tunnels,
// NAT ports, TCP and dropped packet notification of the same place.
package sflow
