// Package rtr is the router's side of the RPKI to Router protocol: it keeps the
// VRPs of a cache, in version 1 (RFC 8210) or 0 (RFC 6810) of the protocol.
package rtr
