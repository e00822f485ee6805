// Package stream receives IPFIX over TCP and TLS (RFC 7011 section 10.4).
//
// Each connection is a datagram.Receiver of its own, that cuts what it reads into
// messages by the length in their headers. A Listener accepts connections and
// spreads them over the lanes of a source, to which each then belongs. Who does
// not take messages has the connections not read, so that the exporters wait:
// between the exporter and the lane nothing gets lost.
package stream
