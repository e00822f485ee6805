// Package pcap reads packet captures and makes flows of them.
//
//	pipeline.From(pcap.File("office.pcapng", pcap.Statistics()))
//
// It reads pcap in all its variants and pcapng, of Ethernet, Linux cooked
// captures, raw IP, loopback, PPP and MPLS. Packets of one direction of a
// conversation become one flow; what a tunnel carries is kept in the flow's
// inner fields.
//
// # Fields
//
// Bytes are those of the frames on the wire, link-layer header included. The
// times are the packets'. TimeReceived is how far the capture had come when the
// flow ended, so it never goes back from one flow to the next. InIf is the
// ifIndex where the capture tells one (Linux cooked v2), and else, in pcapng, the
// number of the interface in the capture counted from 1; classic pcap tells
// none. InIfName is the interface's name in pcapng.
//
// # Counters
//
// packets counts the packets read. Each is in one of the flows, or refused and
// counted under refused_ and the reason: packets = packets of flows + refused.
// When the run is cancelled, those of flows that could no longer be delivered
// are counted as abandoned_packets. evicted counts flows that ended early because
// the table was full, fragments_unmatched later fragments whose first was not
// seen: their flow has no ports.
package pcap
