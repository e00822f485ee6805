// Package rdns tells the DNS names of flows' addresses, from their PTR records.
//
//	rdns.Names(rdns.Servers("192.0.2.53"))
//
// It sets SrcHostName and DstHostName, and with Of those of next hops and exporters.
//
// Flows never wait for DNS. A name that is not known yet is asked for aside, and the
// flow goes on without it; those that come later have it. The cache is bounded, a
// new address takes the place of another. Answers stay as long as their TTL says, a
// day at most; that an address has no name stays as long as the zone says (RFC 2308),
// or five minutes; a failure stays for half a minute. When more addresses are asked
// for than servers answer, requests are left out and counted, and made again by a
// later flow.
//
// Names are those that servers tell; whoever holds the address chooses them. They
// are taken if they are of visible ASCII characters.
//
// # Counters
//
// named counts addresses of flows that got a name, unnamed the others; queries counts
// addresses asked for, no_name answers that there is no name, failed those that got
// no answer, and left_out requests for which there was no room.
package rdns
