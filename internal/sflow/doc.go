// Package sflow decodes sFlow version 5 datagrams into flows.
//
// Each flow sample, expanded flow sample and discarded packet becomes one flow:
// one packet, its frame's length in bytes, and the rate that stands for the
// packets that were not sampled. Nothing is multiplied. The outermost packet
// header fills the flow's own fields, what a tunnel carries the inner ones.
//
// The exporter is the agent whose address the datagram tells, the observation
// domain its sub-agent, the sampler its data source. A datagram tells no wall
// clock, so all times of a flow are that of receipt.
//
// Counter samples are no flows. Config.OnCounters receives them.
//
// Damage stays where it is: a bad record costs that record, a bad sample that
// sample. Counts says by reason what was refused.
//
// References: sFlow version 5 (sflow.org, July 2004); the extensions for tunnels,
// NAT ports, TCP and dropped packet notification of the same place.
package sflow
