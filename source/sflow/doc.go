// Package sflow receives sFlow version 5 over UDP.
//
//	pipeline.From(sflow.Listen(":6343"))
//
// Each flow sample becomes a flow: one packet, its frame's length in bytes, and
// the SamplingRate that stands for the packets that were not sampled. Nothing is
// multiplied. Exporter is the agent whose address the datagram tells. A datagram
// tells no time, so all times of a flow are when the datagram was taken from the
// kernel.
//
// With pipeline.WithLanes(n) each lane has a socket of its own on the port, where
// the system can share one (Linux). What comes from one address and port stays on
// one lane.
//
// # Dropped packets
//
// A notification of a dropped packet becomes a record with the RecordType
// flow.RecordTypeDrop and the DropReason, by name in filters: drop_reason acl. The
// packet's header fills the fields that it fills in a flow. Packets and Bytes are
// absent, since the packet is no traffic and may have been sampled besides:
// PacketsDropped and BytesDropped tell of it.
//
// # Counters of interfaces
//
// With the option Counters each sample of an interface's counters becomes a record
// with the RecordType flow.RecordTypeCounters. Its fields begin with If, and with
// Dot3 for Ethernet; Packets and Bytes are absent. The numbers run on from sample
// to sample, and start again when the agent does. One that the agent does not count
// is absent. Flows go on as they are: filter.Expr("record_type flow") keeps them
// alone.
//
// # What is counted
//
// datagrams and bytes count what was decoded, refused_exporters the datagrams of
// senders that are not allowed, kernel_drops (Linux) those that the kernel dropped
// since nobody took them in time, truncated_datagrams those longer than
// MaxDatagram. receive_buffer_bytes is what the kernel granted. abandoned_datagrams
// were received but not decoded, because the run was given up;
// unrecorded_datagrams those that could not be recorded.
//
// flow_samples, drop_samples and counter_samples count samples, counter_records
// those of counters that became a record. ignored_record counts records in samples
// that fill no field, headers_ and a reason sampled headers that are no IP packet.
// What cannot be decoded is counted under refused_ and the reason, and costs no more
// than itself.
//
// Agents number their datagrams, and each of their data sources its samples:
// lost_datagrams, lost_flow_samples, lost_drop_samples and lost_counter_samples are
// those that are missing, samples of lost datagrams among them. late_datagrams came
// after their successors and were counted as lost before. sequence_resets counts
// numbers that began anew, as after a restart, which is no loss. untracked counts
// what came from more agents or data sources than are followed.
package sflow
