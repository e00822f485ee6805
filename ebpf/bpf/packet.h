// What is known of the packet at hand.
#pragma once

#include "key.h"

#define LINK_ETHERNET 1 // LINKTYPE_ETHERNET

// What frames begin with, a LINKTYPE. Those that are not Ethernet are IP packets.
volatile const __u32 link_type = LINK_ETHERNET;

// Parts of the details; the bits of packet.Has in Go.
enum has {
	HAS_MAC        = 1 << 0,
	HAS_ETHER_TYPE = 1 << 2,
	HAS_IP         = 1 << 3,
	HAS_FRAGMENT   = 1 << 4,
	HAS_PORTS      = 1 << 5,
	HAS_TCP_FLAGS  = 1 << 6,
	HAS_ICMP       = 1 << 7,
};

// Why a frame is no IP packet; the numbers of packet.Refusal in Go.
enum refusal {
	ACCEPTED,
	REFUSED_ARP,
	REFUSED_LLDP,
	REFUSED_LLC,
	REFUSED_PPP_CONTROL,
	REFUSED_OTHER_ETHER_TYPE,
	REFUSED_MPLS_PAYLOAD,
	REFUSED_LINK_TYPE, // never here
	REFUSED_TRUNCATED,
	REFUSED_BAD_VERSION,
	REFUSED_BAD_LENGTH,
	REFUSED_TOO_MANY_TAGS,
	REFUSALS,
};

// What a flow tells of its first packet, beside its key.
struct details {
	__u8 src_mac[6], dst_mac[6];
	__u32 flow_label; // IPv6
	__u32 fragment_id;
	__u16 fragment_offset; // in units of 8 bytes
	__u16 ether_type;      // of the payload behind all tags and labels
	__u16 has;             // enum has
	__u16 tcp_flags;
	__u8 ip_flags, ttl, tags, vlan_priority;
};

// A packet while it is read. Offsets count from the start of the frame.
struct packet {
	struct key key;
	struct details details;

	__u32 length; // of the frame
	__u32 off;    // where reading goes on
	__u32 end;    // where the frame ends, or the IP packet in it once that is known
	__u32 ip_end; // where the IP header says that the packet ends
	__u32 header; // where the payload of the transport begins
	__u32 payload;

	__u32 packets, bytes; // on the wire
	__u32 segment;        // length of the longest of these packets

	__u8 fragment_proto; // that every fragment of the packet tells
	__u8 encapsulated;   // it has labels, segments, or another packet inside
	__u8 wired;          // the frame that a pseudowire carries is being read
	__u8 hops;           // tags followed in this frame
	__u8 stacks;         // label stacks followed
};

// later_fragment tells whether the packet has no transport header for being a
// fragment other than the first.
static __always_inline bool later_fragment(const struct packet *p)
{
	return p->details.has & HAS_FRAGMENT && p->details.fragment_offset;
}
