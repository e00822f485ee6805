package sflow

import "math"

// Forwarding status of dropped packets (RFC 7270 4.12).
const (
	droppedUnknown       = 128
	droppedACLDeny       = 129
	droppedACLDrop       = 130
	droppedUnroutable    = 131
	droppedAdjacency     = 132
	droppedFragmentation = 133
	droppedBadTTL        = 137
	droppedPolicer       = 138
	droppedWRED          = 139
	droppedRPF           = 140
)

// forwardingStatus tells a drop reason in the coarser terms of a forwarding
// status. Reasons up to 15 are codes of ICMP destination unreachable.
func forwardingStatus(reason uint32) uint8 {
	switch reason {
	case 0, 1, 5, 6, 7, 8, 11, 12, 269, 281: // unreachable, unknown, black hole, not routable
		return droppedUnroutable
	case 9, 10, 13: // prohibited
		return droppedACLDeny
	case 258: // ACL
		return droppedACLDrop
	case 4, 262: // too big
		return droppedFragmentation
	case 257: // TTL
		return droppedBadTTL
	case 260: // RED
		return droppedWRED
	case 261: // traffic shaping
		return droppedPolicer
	case 279, 292: // neighbour unresolved, or a black hole
		return droppedAdjacency
	case 280, 302: // reverse path
		return droppedRPF
	}
	return droppedUnknown
}

// dropReason returns the reason as the schema holds it.
func dropReason(reason uint32) uint16 { return uint16(min(reason, math.MaxUint16)) }
