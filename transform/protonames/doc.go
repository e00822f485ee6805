// Package protonames writes out what numbers of protocols and ports stand for, for
// tools that do not know.
//
//	protonames.Protocols() // 6 is TCP
//	protonames.Services()  // TCP port 443 is https
//
// Protocols sets ProtoName to the keyword in IANA's registry of protocol numbers.
// Services sets AppName, where it is absent, to the name that IANA's registry of
// service names has for a port of TCP, UDP or SCTP, of those that are seen often:
// of the destination's port, else of the source's. It tells what a port is meant
// for, and not what is really spoken there.
//
// What has no name stays as it was.
//
// # Counters
//
// named and unnamed count flows; refused_names the names that the table of symbols
// had no room for.
package protonames
