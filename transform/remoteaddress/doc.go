// Package remoteaddress tells which side of a flow is outside the own network. It
// sets RemoteSide, which countries of the remote side (transform/geo) and customers
// (transform/subnet) are told by.
//
// There are four ways to tell, by prefixes or by the direction in which the flow
// passed the exporter:
//
//	remoteaddress.CIDR(remoteaddress.File("remote.csv"))
//	remoteaddress.Border()
//	remoteaddress.User()
//	remoteaddress.Clear()
//
// Each replaces what the flow had; where it cannot tell, RemoteSide is absent.
// Package transform/direction tells directions by prefixes of the own network.
//
// # Counters
//
// src and dst count flows whose source or destination is remote, unknown the others; of CIDR, reloads and failed_reloads the files read again,
// and the attempts that failed.
package remoteaddress
