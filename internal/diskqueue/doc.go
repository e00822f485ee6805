// Package diskqueue is a queue of records in files: first in, first out, bounded,
// and whole after a crash.
//
// # Files
//
// A directory belongs to one queue at a time, which holds the file "lock". Records
// are appended to segments, files named by a number that grows. A run begins a
// segment of its own and never writes behind what another one left. A segment is
// removed when all of its records are acknowledged; the file "cursor" tells up to
// where they are in the oldest one, so that a restart repeats little.
//
// A segment begins with a header of 20 bytes: a magic number, the version of the
// format, a random salt and a checksum. Each record has a header of 28 bytes: a
// mark, the length of the payload, the number of flows in it, when it was written
// [ns since the epoch], the checksum of the payload, and the checksum of the salt
// and the header. Numbers are little-endian, checksums CRC-32C (RFC 3720).
//
// # Damage
//
// A record is handed out only if both checksums are right. Behind a damaged header
// the next right one is looked for; nothing in a payload is taken for it, since who
// sent the payload does not know the salt. What a crash left half written at the end
// of a segment is told apart from damage in the middle. All of it is counted.
//
// # Promises
//
// A record that Append accepted is handed out by Next, in this run or a later one,
// until it is acknowledged: after the end of the process at any instant; after the
// end of the machine if it was synchronised. After a crash, records that were
// acknowledged may be handed out again.
package diskqueue
