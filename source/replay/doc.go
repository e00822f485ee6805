// Package replay reads flow exports from files: recordings of datagrams, as the
// Record options of the netflow and sflow sources make them, and packet captures
// (pcap, pcapng) that hold the exports of routers. Either may be compressed with
// gzip or zstd.
//
//	pipeline.From(replay.File("exports.pcapng"))            // as fast as it goes
//	pipeline.From(replay.File("night.dgram.zst", replay.Speed(10)))
//
// NetFlow, IPFIX and sFlow are told apart by their version. The flows are the same
// at any speed: TimeReceived is when the datagram was received at the time. A
// recording tells which messages came in one session over TCP, and where it ended,
// so that templates mean what they meant then. Without Speed the pipeline runs on
// the time that the flows tell, and gives the same output every time; with it, on
// the clock.
//
// For the flows of the packets in a capture, take package pcap.
//
// # Counters
//
// datagrams and bytes count what was decoded, truncated_datagrams those that the
// capture cut off. Of a capture, packets counts what was read: refused_packets are
// those whose headers cannot be read, other_packets those that are no flow export
// to the ports that are taken, refused_fragments datagrams of which fragments were
// missing. Of a recording, torn_places counts where neither a record nor a section
// begins, as a crash or a full disk leaves it, and torn_bytes what was skipped there.
// The decoders count as those of the netflow and sflow sources do;
// refused_protocol counts datagrams that are of neither.
package replay
