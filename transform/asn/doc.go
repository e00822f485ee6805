// Package asn tells the origin AS of flows' addresses from a table, where the
// exporter does not.
//
//	asn.Lookup(asn.IPtoASN("ip2asn-combined.tsv.gz"))
//
// It sets SrcAS and DstAS where the flow has none, or with Replace always; and
// SrcASName and DstASName where the table has a name for the AS that the flow then
// has. An address that the table does not cover, or of an AS 0, changes nothing.
// Two lookups, one behind the other, complement each other.
//
// The table is read when the pipeline opens, and one that is missing or malformed is
// an error. It is looked at every minute, and read again when its time or size has
// changed; if it is bad then, the old one stays, the log tells, and it is tried
// again. It may be compressed with gzip or zstd, an MRT dump with bzip2 too.
//
// # Counters
//
// found and not_found count addresses, by whether the table tells their AS;
// refused_names the names that the table of symbols had no room for; reloads and
// failed_reloads the files read again, and the attempts that failed.
package asn
