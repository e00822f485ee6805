// The transport header.
#pragma once

#include "ip.h"

// UDP ports that tell a tunnel.
enum port {
	PORT_TEREDO      = 3544, // RFC 4380
	PORT_VXLAN       = 4789, // RFC 7348
	PORT_GENEVE      = 6081, // RFC 8926
	PORT_VXLAN_LINUX = 8472, // what Linux used before the assignment
};

#define TCP_FLAGS 0x1ff // FIN … CWR and what was NS (RFC 3540)

struct ports {
	__be16 src, dst;
};

struct tcp {
	struct ports ports;
	__be16 sequence[2], acknowledgement[2];
	__be16 flags; // with the header's length
};

struct dccp {
	struct ports ports;
	__u8 length;
};

struct icmp {
	__u8 type, code;
};

static __always_inline void take_ports(struct packet *p, const struct ports *h)
{
	p->key.ports = (__u32)bpf_ntohs(h->src) << 16 | bpf_ntohs(h->dst);
	p->key.has |= KEY_PORTS;
	p->details.has |= HAS_PORTS;
}

static __always_inline void ports(struct __sk_buff *skb, struct packet *p)
{
	struct ports buf, *h = next(skb, p, buf);
	if (h)
		take_ports(p, h);
}

// tcp reads a TCP header (RFC 9293) and returns its length.
static __always_inline __u32 tcp(struct __sk_buff *skb, struct packet *p)
{
	struct tcp buf, *h = next(skb, p, buf);
	if (!h) {
		ports(skb, p);
		return 20;
	}
	take_ports(p, &h->ports);
	__u16 flags = bpf_ntohs(h->flags);
	p->details.tcp_flags = flags & TCP_FLAGS;
	p->details.has |= HAS_TCP_FLAGS;
	__u32 size = (flags >> 12) * 4;
	return max(size, 20);
}

// udp reads a UDP header and finds out whether it leads into a tunnel.
static __always_inline __u32 udp(struct __sk_buff *skb, struct packet *p)
{
	ports(skb, p);
	switch (p->key.ports & 0xffff) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
	case PORT_GENEVE:
	case PORT_TEREDO:
		p->encapsulated = 1;
		break;
	default:
		if (p->key.ports >> 16 == PORT_TEREDO)
			p->encapsulated = 1;
	}
	return 8;
}

// dccp reads a DCCP header (RFC 4340) and returns its length.
static __always_inline __u32 dccp(struct __sk_buff *skb, struct packet *p)
{
	struct dccp buf;
	__u8 *length = at(skb, p->off + offsetof(struct dccp, length), p->end, &buf, 1);
	ports(skb, p);
	return length ? max(*length * 4, 12) : 12;
}

static __always_inline __u32 icmp(struct __sk_buff *skb, struct packet *p)
{
	struct icmp buf, *h = next(skb, p, buf);
	if (h) {
		p->key.ports = h->type << 8 | h->code;
		p->key.has |= KEY_ICMP;
		p->details.has |= HAS_ICMP;
	}
	return 8;
}

static __always_inline __u32 transport_header(struct __sk_buff *skb, struct packet *p)
{
	switch (p->key.proto) {
	case PROTO_TCP:
		return tcp(skb, p);
	case PROTO_UDP:
		return udp(skb, p);
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return icmp(skb, p);
	case PROTO_UDP_LITE:
		ports(skb, p);
		return 8;
	case PROTO_SCTP:
		ports(skb, p);
		return 12;
	case PROTO_DCCP:
		return dccp(skb, p);
	case PROTO_IGMP:
		return 8;
	case PROTO_GRE:
	case PROTO_IPIP:
	case PROTO_IPV6:
		p->encapsulated = 1;
	}
	return 0;
}

// transport reads the transport header and finds out where its payload begins.
static __always_inline void transport(struct __sk_buff *skb, struct packet *p)
{
	__u32 head = p->off;
	if (!later_fragment(p))
		head += transport_header(skb, p);
	p->header = min(head, p->ip_end);
	p->payload = p->ip_end - p->header;
}
