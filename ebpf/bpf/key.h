// What the packets of a flow have in common. The layout, the byte order and the
// bits are those of packet.Key in Go.
#pragma once

#include "types.h"

union address {
	__u8 bytes[16];
	__u32 words[4];
};

enum key_has {
	KEY_PORTS      = 1 << 0,
	KEY_ICMP       = 1 << 1,
	KEY_VLAN       = 1 << 2,
	KEY_INNER_VLAN = 1 << 3,
	KEY_INGRESS    = 1 << 4,
	KEY_EGRESS     = 1 << 5,
	KEY_IPV6       = 1 << 6,
};

struct key {
	union address src, dst; // IPv4 mapped into IPv6
	__u32 ports;            // source << 16 | destination, or ICMP type << 8 | code
	__u32 ifindex;
	__u16 vlan, inner_vlan;
	__u8 proto, tos;
	__u16 has; // enum key_has
};

static __always_inline bool is_mapped(const union address *a)
{
	return !a->words[0] && !a->words[1] && a->words[2] == bpf_htonl(0xffff);
}
