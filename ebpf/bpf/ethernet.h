// From the start of the frame to its IP packet.
#pragma once

#include "read.h"

#define MAX_TAGS   8  // VLAN tags that are followed
#define MAX_LABELS 32 // MPLS labels that are followed in one stack
#define MAX_STACKS 4  // label stacks that are followed, one inside the other

enum ether_type {
	TYPE_MIN             = 0x0600, // less is a length
	TYPE_IPV4            = 0x0800,
	TYPE_ARP             = 0x0806,
	TYPE_RARP            = 0x8035,
	TYPE_VLAN            = 0x8100,
	TYPE_IPV6            = 0x86dd,
	TYPE_MPLS            = 0x8847,
	TYPE_MPLS_MULTICAST  = 0x8848,
	TYPE_PPPOE_DISCOVERY = 0x8863,
	TYPE_PPPOE_SESSION   = 0x8864,
	TYPE_SERVICE_VLAN    = 0x88a8,
	TYPE_LLDP            = 0x88cc,
	TYPE_OLD_QINQ        = 0x9100,
};

enum ppp_protocol {
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS = 0x0281,
};

struct ethernet {
	__u16 dst[3], src[3];
	__be16 type;
};

struct tag {
	__be16 tci, type;
};

struct snap {
	__be16 llc;
	__u8 control, organization[3];
	__be16 type;
};

struct pppoe {
	__u8 version, code;
	__be16 session, length;
};

static __always_inline bool is_vlan(__u16 type)
{
	return type == TYPE_VLAN || type == TYPE_SERVICE_VLAN || type == TYPE_OLD_QINQ;
}

static __always_inline bool is_ip(__u16 type)
{
	return type == TYPE_IPV4 || type == TYPE_IPV6;
}

// tagged takes note of a tag. Those inside a pseudowire are not the packet's own.
static __always_inline void tagged(struct packet *p, __u16 tci)
{
	if (p->wired)
		return;
	if (p->details.tags == 0) {
		p->key.vlan = tci & 0xfff;
		p->key.has |= KEY_VLAN;
		p->details.vlan_priority = tci >> 13;
	} else if (p->details.tags == 1) {
		p->key.inner_vlan = tci & 0xfff;
		p->key.has |= KEY_INNER_VLAN;
	}
	p->details.tags++;
}

// vlan reads a tag (IEEE 802.1Q).
static __always_inline int vlan(struct __sk_buff *skb, struct packet *p)
{
	struct tag buf, *h = next(skb, p, buf);
	if (!h)
		return REFUSED_TRUNCATED;
	if (p->hops == MAX_TAGS)
		return REFUSED_TOO_MANY_TAGS;
	tagged(p, bpf_ntohs(h->tci));
	p->hops++;
	p->details.ether_type = bpf_ntohs(h->type);
	p->off += sizeof(*h);
	return ACCEPTED;
}

// announce goes on with an IP packet that something else than an Ethernet type told.
static __always_inline int announce(struct packet *p, __u16 type)
{
	p->details.ether_type = type;
	return ACCEPTED;
}

// pseudowire reads the Ethernet frame that a pseudowire carries. The addresses are
// those of the frame around it.
static __always_inline int pseudowire(struct __sk_buff *skb, struct packet *p)
{
	p->wired = 1;
	p->hops = 0;
	struct ethernet buf, *h = next(skb, p, buf);
	if (!h)
		return REFUSED_TRUNCATED;
	p->details.ether_type = bpf_ntohs(h->type);
	p->off += sizeof(*h);
	return ACCEPTED;
}

// mpls follows a label stack (RFC 3032) to what is at its bottom, which the stack
// does not tell (RFC 4928).
//
// Like other functions with a loop it is not inlined and not static: the verifier
// looks at such a function once, and not from each place that leads to it.
__noinline int mpls(struct __sk_buff *skb, struct packet *p)
{
	__be32 buf, *h;
	__u8 first, *version;

	if (!p)
		return REFUSED_TRUNCATED;
	p->encapsulated = 1;
	if (++p->stacks > MAX_STACKS)
		return REFUSED_TOO_MANY_TAGS;
	for (int i = 0;; i++) {
		h = next(skb, p, buf);
		if (!h)
			return REFUSED_TRUNCATED;
		if (i == MAX_LABELS)
			return REFUSED_TOO_MANY_TAGS;
		p->off += sizeof(*h);
		if (*h & bpf_htonl(0x100))
			break;
	}
	version = next(skb, p, first);
	if (!version)
		return REFUSED_TRUNCATED;
	switch (*version >> 4) {
	case 4:
		return announce(p, TYPE_IPV4);
	case 6:
		return announce(p, TYPE_IPV6);
	case 0: // a control word (RFC 4385), then as a rule an Ethernet frame
		p->off += 4;
		return pseudowire(skb, p);
	}
	return REFUSED_MPLS_PAYLOAD;
}

// pppoe reads a session packet (RFC 2516) and the PPP header in it (RFC 1661), with
// or without HDLC framing, its protocol in one byte or two (RFC 1662).
static __always_inline int pppoe(struct __sk_buff *skb, struct packet *p)
{
	struct pppoe buf, *h = next(skb, p, buf);
	if (!h)
		return REFUSED_TRUNCATED;
	if (h->code)
		return REFUSED_PPP_CONTROL;
	p->off += sizeof(*h);

	__be16 word, *protocol = next(skb, p, word);
	if (protocol && *protocol == bpf_htons(0xff03)) {
		p->off += sizeof(*protocol);
		protocol = next(skb, p, word);
	}
	if (!protocol)
		return REFUSED_TRUNCATED;
	__u16 kind = bpf_ntohs(*protocol);
	if (kind & 0x100) {
		kind >>= 8;
		p->off--;
	}
	p->off += 2;
	switch (kind) {
	case PPP_IPV4:
		return announce(p, TYPE_IPV4);
	case PPP_IPV6:
		return announce(p, TYPE_IPV6);
	case PPP_MPLS:
		return announce(p, TYPE_MPLS);
	}
	return REFUSED_PPP_CONTROL;
}

// snap reads an IEEE 802.2 header with the extension that has an Ethernet type. The
// organisation is that of RFC 1042 or of IEEE 802.1H.
static __always_inline int snap(struct __sk_buff *skb, struct packet *p)
{
	struct snap buf, *h = next(skb, p, buf);
	if (!h || h->llc != bpf_htons(0xaaaa) || h->control != 3)
		return REFUSED_LLC;
	if (h->organization[0] | h->organization[1] || (h->organization[2] && h->organization[2] != 0xf8))
		return REFUSED_LLC;
	if (p->hops == MAX_TAGS)
		return REFUSED_LLC;
	__u16 type = bpf_ntohs(h->type);
	if (type < TYPE_MIN)
		return REFUSED_LLC;
	p->hops++;
	p->details.ether_type = type;
	p->off += sizeof(*h);
	return ACCEPTED;
}

// tags follows VLAN tags, and the header that has an Ethernet type behind a length.
__noinline int tags(struct __sk_buff *skb, struct packet *p)
{
	if (!p)
		return REFUSED_TRUNCATED;
	for (int i = 0; i <= MAX_TAGS; i++) {
		int refusal;

		if (is_vlan(p->details.ether_type))
			refusal = vlan(skb, p);
		else if (p->details.ether_type < TYPE_MIN)
			refusal = snap(skb, p);
		else
			return ACCEPTED;
		if (refusal != ACCEPTED)
			return refusal;
	}
	return REFUSED_TOO_MANY_TAGS;
}

static __always_inline int other(struct __sk_buff *skb, struct packet *p)
{
	__u16 type = p->details.ether_type;

	if (is_vlan(type) || type < TYPE_MIN)
		return tags(skb, p);
	switch (type) {
	case TYPE_MPLS:
	case TYPE_MPLS_MULTICAST:
		return mpls(skb, p);
	case TYPE_PPPOE_SESSION:
		return pppoe(skb, p);
	case TYPE_PPPOE_DISCOVERY:
		return REFUSED_PPP_CONTROL;
	case TYPE_ARP:
	case TYPE_RARP:
		return REFUSED_ARP;
	case TYPE_LLDP:
		return REFUSED_LLDP;
	}
	return REFUSED_OTHER_ETHER_TYPE;
}

// link follows whatever stands between the frame's header and the IP packet: in each
// frame tags, PPP and a label stack, in which there may be another frame.
__noinline int link(struct __sk_buff *skb, struct packet *p)
{
	if (!p)
		return REFUSED_TRUNCATED;
	for (int i = 0; i < 3 * (MAX_STACKS + 1); i++) {
		if (is_ip(p->details.ether_type))
			return ACCEPTED;
		int refusal = other(skb, p);
		if (refusal != ACCEPTED)
			return refusal;
	}
	return REFUSED_TOO_MANY_TAGS;
}

// ethernet reads the header of a frame.
static __always_inline int ethernet(struct __sk_buff *skb, struct packet *p)
{
	struct ethernet buf, *h = next(skb, p, buf);
	if (!h)
		return REFUSED_TRUNCATED;
	__builtin_memcpy(p->details.dst_mac, h->dst, sizeof(h->dst));
	__builtin_memcpy(p->details.src_mac, h->src, sizeof(h->src));
	p->details.has |= HAS_MAC;
	p->details.ether_type = bpf_ntohs(h->type);
	p->off = sizeof(*h);
	if (is_vlan(p->details.ether_type))
		return vlan(skb, p);
	return ACCEPTED;
}
