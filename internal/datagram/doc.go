// Package datagram has what carries flow exports: UDP payloads, and messages of
// TCP sessions, with their exporter and the time they came, as sockets receive
// them, as captures hold them and as recordings keep them.
//
// # Recordings
//
// A recording is a stream of sections, each a header and any number of records;
// whoever appends to a file begins another section. It may be compressed as a
// whole or section by section. Numbers are big-endian.
//
//	header   8 bytes   FF "DGRAM" 00, and the version: 2
//	record   8 bytes   time of receipt, signed, in nanoseconds since the epoch
//	        16 bytes   the exporter's address; IPv4 as ::ffff:a.b.c.d
//	         2 bytes   its port
//	         8 bytes   session over TCP, 0 for UDP
//	         2 bytes   length of the payload; 0 with a session is its end
//	                   the payload
//
// A record's first byte is never FF, since no time before 1970 is written.
package datagram
