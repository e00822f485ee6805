// Package subnet tells for each flow which customers, or which networks, its
// addresses belong to, by a list of prefixes.
//
//	subnet.Customers("customers.csv")
//	subnet.Networks("networks.json")
//
// Of the prefixes that cover an address the longest counts. Customers sets
// SrcCustomerID and DstCustomerID; Networks sets SrcNetID, SrcNetName, DstNetID and
// DstNetName. Both say whose the flow is as well, by CustomerID and CustomerName,
// or NetID and NetName: where RemoteSide tells which side is remote, the other
// side's; else that of the one side that the list covers, or of both if they are
// the same. What the list does not tell stays as it was.
//
// # Lists
//
// A list is CSV with a row for each prefix: the prefix, or an address, its number
// and its name. Number and name may be missing. A first row may name the columns
// "prefix", "id" and "name" in another order, among others that do not matter.
//
//	# customers
//	192.0.2.0/24,7,Example Ltd
//	2001:db8::/32,7,Example Ltd
//
// Or it is a JSON array of objects:
//
//	[{"prefix": "192.0.2.0/24", "id": 7, "name": "Example Ltd"}]
//
// It may be compressed with gzip or zstd. A bad row is an error that tells line and
// column, when the pipeline opens. The file is looked at every minute, and read
// again when its time or size has changed; if it is bad then, the old list stays,
// the log tells, and it is tried again.
//
// # Counters
//
// found and not_found count addresses, by whether a prefix covers them; prefixes is
// the length of the list; refused_names the names that the table of symbols had no
// room for; reloads and failed_reloads the files read again, and the attempts that
// failed.
package subnet
