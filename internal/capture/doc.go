// Package capture reads packet captures: pcap in all its variants and pcapng.
//
// A Reader streams: it needs no seeking, keeps one record in memory, and hands
// out packets without copying them. It reads files from anywhere, so every
// length in them is bounded before memory is taken for it, and every mistake is
// told with its byte offset.
package capture
