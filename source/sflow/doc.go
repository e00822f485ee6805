// Package sflow receives sFlow version 5 over UDP.
//
//	pipeline.From(sflow.Listen(":6343"))
//
// Each flow sample becomes a flow: one packet, its frame's length in bytes, and
// the SamplingRate that stands for the packets that were not sampled. Nothing is
// multiplied. Exporter is the agent whose address the datagram tells. A datagram
// tells no time, so all times of a flow are when the datagram was taken from the
// kernel. Samples of counters are no flows: OnCounters receives them.
//
// With pipeline.WithLanes(n) each lane has a socket of its own on the port, where
// the system can share one (Linux).
//
// # Counters
//
// datagrams and bytes count what was decoded, refused_exporters the datagrams of
// senders that are not allowed, kernel_drops (Linux) those that the kernel dropped
// since nobody took them in time, truncated_datagrams those longer than
// MaxDatagram. receive_buffer_bytes is what the kernel granted. abandoned_datagrams
// were received but not decoded, because the run was given up;
// unrecorded_datagrams those that could not be recorded.
//
// counter_samples counts samples of counters, ignored_record records that fill no
// field, headers_ and a reason sampled headers that are no IP packet. What cannot
// be decoded is counted under refused_ and the reason, and costs no more than
// itself.
package sflow
