// Package netflow exports flows as IPFIX (RFC 7011) over UDP or TCP, or as NetFlow
// v9 (RFC 3954) over UDP, so that they go on to any collector.
//
//	pipeline.From(src).To(netflow.Export("ipfix://192.0.2.1:4739"))
//
// # Records
//
// Fields chooses what is exported. The default is what routers export:
// addresses, ports, protocol, type of service, TCP flags, ICMP type and code,
// packets, bytes, first and last packet, interfaces, next hop, AS numbers,
// prefix lengths, VLANs, and in IPFIX why the flow ended. An address has the
// element of its own family, and there is a template for each combination of
// families that comes up; those for IPv4 and IPv6 are sent first. The element
// of a field is the first of the schema's that holds it: times are milliseconds
// since the epoch in IPFIX (elements 152 and 153), and milliseconds of the
// system's uptime in NetFlow v9 (22 and 21). ICMP type and code, where both are
// exported, are one element (32 or 139).
//
// Neither protocol has a value for absent: a number that the flow lacks is
// exported as 0, a text as empty. In NetFlow v9 a time that the flow lacks is its
// other time, or else that of the export.
//
// # Sampling
//
// Flows of different rates may go through one export. Each record names its
// sampler (element 48), and options data tells the rate of each sampler (element
// 50), before the first flow of it. Samplers are numbered by rate; 0 stands for
// an unknown rate. Flows whose counts were multiplied already are told as 1 in 1.
// With Fields that name sampling_rate or sampler_id, these are exported as they
// are, and there is no options data.
//
// # Time
//
// Headers have the time of the pipeline's clock. NetFlow v9's uptime reaches
// between 10 and 24 days back; every 14 days it leaps back as if the exporter had
// started anew. A time before it is exported as its beginning, and counted.
//
// # Delivery
//
// Messages are filled up to MTU, and what is left is sent at the end of each batch.
// A message that cannot be sent ends the Write with a *flow.PartialError: the
// flows of it and of what would have come after it are not delivered. Templates
// are then sent again. Over TCP the next Write connects anew, with sequence numbers
// from 0. Put pipeline.Retry around the sink to outlive a collector's restart.
//
// UDP tells little of what becomes of datagrams: one that nobody listens for is
// noticed when the next is sent, if at all.
//
// # Counters
//
// datagrams (messages, in TCP), bytes, records (flows), templates and
// options_records count what was sent. refused_records counts flows whose record
// does not fit in a message: they fail. times_out_of_range counts times that the
// protocol cannot tell, labels_cut MPLS labels beyond the tenth, samplers_refused
// flows exported without their rate because there are more than 255 rates.
// reconnects counts new TCP connections.
package netflow
