// Package datagram has what carries flow exports: UDP payloads with their
// exporter and the time they came, as sockets receive them, as captures hold
// them and as recordings keep them.
//
// # Recordings
//
// A recording is a stream of sections, each a header and any number of records;
// whoever appends to a file begins another section. It may be compressed as a
// whole or section by section. Numbers are big-endian.
//
//	header   8 bytes   FF "DGRAM" 00, and the version: 1
//	record   8 bytes   time of receipt, signed, in nanoseconds since the epoch
//	        16 bytes   the exporter's address; IPv4 as ::ffff:a.b.c.d
//	         2 bytes   its port
//	         2 bytes   length of the payload
//	                   the payload
//
// A record's first byte is never FF, since no time before 1970 is written.
package datagram
