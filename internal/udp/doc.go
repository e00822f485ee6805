// Package udp receives datagrams from a UDP port on one socket or on several
// that share it, many with one call of the kernel where it can, into memory that
// is used again.
//
// On Linux a Socket takes up to Batch datagrams at once (recvmmsg) and knows how
// many the kernel dropped because nobody took them in time (SO_MEMINFO).
// Elsewhere it takes one at a time, a port has one socket, and drops are not
// known.
package udp
