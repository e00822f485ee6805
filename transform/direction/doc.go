// Package direction tells the direction of flows by the prefixes of the own network,
// where exporters do not tell it.
//
//	direction.Local(direction.File("own.csv"))
//
// It sets Direction to egress where the source alone is in one of the prefixes, and
// to ingress where the destination alone is. A flow within the own network, or past
// it, has no direction: the field stays as it was, unless Replace is given, which
// takes it out. With remoteaddress.Border behind it the remote side follows.
//
// # Counters
//
// ingress and egress count flows by their direction, internal those between own
// addresses, external those between others; reloads and failed_reloads the files
// read again, and the attempts that failed.
package direction
