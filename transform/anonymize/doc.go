// Package anonymize makes the addresses and names in flows anonymous.
//
//	anonymize.CryptoPAn(key)        // prefix-preserving pseudonyms
//	anonymize.Prefix(24, 48)        // networks in place of addresses
//
// It changes every field that bears an address, taken from the schema, so that one
// that is added later is not forgotten:
//
//   - IPv4 and IPv6 addresses, of the packets, of what tunnels carry, of
//     translations, routers and segments, and extensions that hold addresses
//   - MAC addresses
//   - addresses as text, which follow the address itself; without it they are taken
//     out
//   - names: of hosts, users and containers, and extensions that hold text
//   - Note, which is taken out
//
// Keep leaves some of them as they are. SrcAddrAnon, DstAddrAnon, NextHopAnon and
// ExporterAnon tell how an address was made anonymous, and SrcAddrPreservedLen and
// its like how many bits a cut left.
//
// Whatever else is there stays: ports, ASes, countries, cities, customers,
// interfaces, numbers of users and processes, route distinguishers. Package
// transform/fields takes such out.
//
// # Methods
//
// CryptoPAn is the method of Xu, Fan, Ammar and Moon ("Prefix-Preserving IP Address
// Anonymization", 2002) with AES-128, for IPv6 extended to 128 bits as usual, so
// that others with the key come to the same addresses: two addresses share as many
// first bits behind it as before it, and none but the holder of the key can tell
// which they were, unless from what the traffic shows. A MAC address becomes a
// locally administered one, which keeps whether it is one of a group; the broadcast
// address stays. A name becomes 16 hexadecimal digits. The same address or name
// becomes the same, with the same key.
//
// Prefix sets all bits to zero behind a length. Without a key it can give no
// pseudonyms: MAC addresses and names are taken out, unless Pseudonyms gives one.
//
// An address of which nothing but zeros is left is taken out.
//
// # Counters
//
// addresses, macs and names count what was changed, removed what was taken out.
package anonymize
