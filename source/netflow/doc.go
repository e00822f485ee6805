// Package netflow receives NetFlow v5, v7 and v9 (RFC 3954) and IPFIX (RFC 7011)
// over UDP, and IPFIX over TCP and TLS.
//
//	pipeline.From(netflow.Listen(":2055", netflow.Templates("/var/lib/collector/templates")))
//	pipeline.From(netflow.Listen("ipfix+tls://", netflow.TLS(config)))
//
// All versions come to one address over UDP. Exporters are told apart by address, version
// and observation domain. Options data (samplers, names of interfaces, VRFs and
// applications) is used for the flows. Data that comes before its template waits
// for it; with Templates, what is known of exporters outlives the process.
//
// # Lanes
//
// With pipeline.WithLanes(n) each lane has a socket of its own on the port, where
// the system can share one (Linux). What comes from one address and port stays on
// one lane; what is known of exporters is common to all. A connection belongs to
// the lane that has the fewest when it is accepted.
//
// # Sessions
//
// A connection over TCP or TLS is a transport session of RFC 7011: templates,
// options data and sequence numbers are its own, and end with it. An exporter that
// connects again sends them again; none that is left from before, or comes over
// another connection of the same exporter, is used. Templates keeps nothing of
// sessions.
//
// Nothing is lost between an exporter and the pipeline: one that is too slow does
// not read, and has the exporter wait. A connection on which no message begins
// where one has to is closed, alone. When the run is told to stop, connections are
// read until the kernel holds nothing of them, and closed.
//
// # Fields
//
// SamplingRate is 1 in N, and absent where nobody tells it. Bytes and packets are
// what the exporter tells, not multiplied. TimeReceived is when the datagram was
// taken from the kernel. Package flow's schema tells the information elements of
// each field; Map and MapExtension add to it, and ListUnmapped lists those that
// exporters send and that fill none.
//
// Where exporters tell a field in several ways, the element that comes first in
// the schema counts: for times the finest, absolute ones first. A start or an end
// that is not told follows from the other and the flow's duration; where there is
// neither, both are when the event was observed (elements 322 to 325). Running
// totals have fields of their own.
//
// # Counters
//
// datagrams and bytes count what was decoded, refused_exporters the datagrams of
// exporters that are not allowed, kernel_drops (Linux) those that the kernel
// dropped since nobody took them in time, truncated_datagrams those longer than
// MaxDatagram: what was sent = datagrams + refused_exporters + kernel_drops + what
// the network lost. receive_buffer_bytes is what the kernel granted.
// abandoned_datagrams were received but not decoded, because the run was given
// up; unrecorded_datagrams and unsaved_states tell of files that could not be
// written. Over TCP a message counts as a datagram.
//
// connections counts those accepted, refused_exporters also connections of
// exporters that are not allowed, refused_connections those beyond MaxConnections,
// failed_handshakes those that TLS refused. broken_connections were closed since
// they brought something else than messages, idle_connections since they brought
// nothing for IdleTimeout; failed_connections ended by an error of the network or
// within a message. abandoned_bytes are of messages that did not come to their end,
// and what followed something broken. The log names exporter and cause, at most
// once a second.
//
// templates, templates_withdrawn and options_records count what exporters told of
// themselves; held_sets and released_sets data that waited for a template;
// lost_records (v5, v7, IPFIX), lost_datagrams (v9), late_datagrams and
// sequence_resets what sequence numbers show. missed_records and missed_datagrams
// are what was sent between the latest saved state of an earlier run and this
// one; after a crash also what that run received since it saved. times_unresolved counts flows
// without times, for the exporter does not tell when it started, samplers_unknown
// flows of a sampler that was not described. What cannot be decoded is counted
// under refused_ and the reason, and costs no more than itself.
package netflow
