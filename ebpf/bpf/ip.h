// The IP header and what stands between it and the transport.
#pragma once

#include "ethernet.h"

#define MAX_HEADERS 16 // extension headers that are followed

enum proto {
	PROTO_HOP_BY_HOP  = 0,
	PROTO_ICMP        = 1,
	PROTO_IGMP        = 2,
	PROTO_IPIP        = 4,
	PROTO_TCP         = 6,
	PROTO_UDP         = 17,
	PROTO_DCCP        = 33,
	PROTO_IPV6        = 41,
	PROTO_ROUTING     = 43,
	PROTO_FRAGMENT    = 44,
	PROTO_GRE         = 47,
	PROTO_AH          = 51,
	PROTO_ICMPV6      = 58,
	PROTO_NONE        = 59,
	PROTO_DESTINATION = 60,
	PROTO_SCTP        = 132,
	PROTO_MOBILITY    = 135,
	PROTO_UDP_LITE    = 136,
	PROTO_HIP         = 139,
	PROTO_SHIM6       = 140,
};

#define SEGMENT_ROUTING 4 // type of a routing header (RFC 8754)

struct ipv4 {
	__u8 version, tos;
	__be16 length, id, fragment;
	__u8 ttl, proto;
	__be16 checksum;
	__be32 src, dst;
};

struct ipv6 {
	__be32 first; // version, traffic class, flow label
	__be16 length;
	__u8 proto, hop_limit;
	__be32 src[4], dst[4];
};

// The first bytes of an extension header. What it means depends on its kind.
struct extension {
	__u8 next, length;
	union {
		__be16 fragment;
		__u8 routing;
	};
	__be32 fragment_id;
};

// ends takes note of where the IP packet ends. What follows is padding.
static __always_inline void ends(struct packet *p, __u32 end)
{
	p->ip_end = end;
	p->end = min(p->end, end);
}

static __always_inline void fragment(struct packet *p, __u32 id, __u16 offset, __u8 flags, __u8 proto)
{
	p->details.has |= HAS_FRAGMENT;
	p->details.fragment_id = id;
	p->details.fragment_offset = offset;
	p->details.ip_flags = flags;
	p->fragment_proto = proto;
}

static __always_inline bool is_extension(__u8 proto)
{
	switch (proto) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_FRAGMENT:
	case PROTO_AH:
	case PROTO_DESTINATION:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return true;
	}
	return false;
}

// extensions follows the extension headers of IPv6 (RFC 8200) and, in IPv4, the
// authentication headers (RFC 4302).
__noinline int extensions(struct __sk_buff *skb, struct packet *p)
{
	if (!p)
		return 0;
	bool v6 = p->details.ether_type == TYPE_IPV6;
	for (int i = 0; i < MAX_HEADERS; i++) {
		__u8 proto = p->key.proto;
		if (v6 ? !is_extension(proto) : proto != PROTO_AH)
			break;
		struct extension buf, *h = &buf;
		if (!copied(skb, p->off, p->end, h, sizeof(*h)))
			break;
		__u32 size = h->length * 8 + 8;
		if (proto == PROTO_AH) {
			size = h->length * 4 + 8;
		} else if (proto == PROTO_FRAGMENT) {
			__u16 field = bpf_ntohs(h->fragment);
			size = 8;
			fragment(p, bpf_ntohl(h->fragment_id), field >> 3, field & 1, h->next);
		} else if (proto == PROTO_ROUTING && h->routing == SEGMENT_ROUTING) {
			p->encapsulated = 1;
		}
		p->key.proto = h->next;
		p->off += size;
		if (later_fragment(p))
			break;
	}
	return 0;
}

static __always_inline void map4(union address *a, __be32 v4)
{
	a->words[0] = 0;
	a->words[1] = 0;
	a->words[2] = bpf_htonl(0xffff);
	a->words[3] = v4;
}

static __always_inline int ipv4(struct __sk_buff *skb, struct packet *p)
{
	struct ipv4 buf, *h = next(skb, p, buf);
	if (!h)
		return REFUSED_TRUNCATED;
	if (h->version >> 4 != 4)
		return REFUSED_BAD_VERSION;
	__u32 size = (h->version & 0xf) * 4;
	__u32 total = bpf_ntohs(h->length);
	if (!total) // segmentation offload: the length did not fit
		total = p->end - p->off;
	if (size < sizeof(*h) || total < size)
		return REFUSED_BAD_LENGTH;

	map4(&p->key.src, h->src);
	map4(&p->key.dst, h->dst);
	p->key.proto = h->proto;
	p->key.tos = h->tos;
	p->details.ttl = h->ttl;
	__u16 field = bpf_ntohs(h->fragment);
	p->details.ip_flags = field >> 13;
	if (field & 0x3fff)
		fragment(p, bpf_ntohs(h->id), field & 0x1fff, field >> 13, h->proto);
	ends(p, p->off + total);
	p->off += size;
	if (p->key.proto == PROTO_AH && !later_fragment(p))
		extensions(skb, p);
	return ACCEPTED;
}

static __always_inline int ipv6(struct __sk_buff *skb, struct packet *p)
{
	struct ipv6 buf, *h = next(skb, p, buf);
	if (!h)
		return REFUSED_TRUNCATED;
	__u32 first = bpf_ntohl(h->first);
	if (first >> 28 != 6)
		return REFUSED_BAD_VERSION;
	__u32 end = p->off + sizeof(*h) + bpf_ntohs(h->length);
	if (!h->length && h->proto != PROTO_NONE) // a jumbogram or segmentation offload
		end = max(p->end, end);

	__builtin_memcpy(p->key.src.words, h->src, sizeof(h->src));
	__builtin_memcpy(p->key.dst.words, h->dst, sizeof(h->dst));
	p->key.has |= KEY_IPV6;
	p->key.proto = h->proto;
	p->key.tos = first >> 20;
	p->details.ttl = h->hop_limit;
	p->details.flow_label = first & 0xfffff;
	ends(p, end);
	p->off += sizeof(*h);
	if (is_extension(p->key.proto))
		extensions(skb, p);
	return ACCEPTED;
}

// network reads the IP header that the Ethernet type told.
static __always_inline int network(struct __sk_buff *skb, struct packet *p)
{
	p->details.has |= HAS_IP | HAS_ETHER_TYPE;
	return p->details.ether_type == TYPE_IPV4 ? ipv4(skb, p) : ipv6(skb, p);
}
