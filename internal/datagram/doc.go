// Package datagram has what carries flow exports: UDP payloads, and messages of
// TCP sessions, with their exporter and the time they came, as sockets receive
// them, as captures hold them and as recordings keep them.
//
// # Recordings
//
// A recording is a stream of sections, each a header and any number of records;
// whoever appends to a file begins another section. Sections of a file are
// compressed one by one; a file may also be compressed as a whole. Numbers are
// big-endian.
//
//	header   8 bytes   FF "DGRAM" 00, and the version: 2
//	record   8 bytes   time of receipt, signed, in nanoseconds since the epoch
//	        16 bytes   the exporter's address; IPv4 as ::ffff:a.b.c.d
//	         2 bytes   its port
//	         8 bytes   session over TCP, 0 for UDP
//	         2 bytes   length of the payload; 0 with a session is its end
//	         4 bytes   CRC-32C of the bytes before and of the payload
//	                   the payload
//
// A record's first byte is never FF, since no time before 1970 is written.
//
// A crash, or a disk that is full, leaves a part of a record or of a section, and
// the next run appends a section to it. The checksum tells such a part, also where
// a payload holds what looks like a header. Reading goes on at the next header.
package datagram
