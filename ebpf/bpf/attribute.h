// Which local socket a packet belongs to.
#pragma once

#include "ip.h"
#include "maps.h"
#include "owner.h"

#define TCP_FIN 1
#define TCP_SYN 2

#define TCP_NEW_SYN_RECV 12 // state of a connection that is no socket yet

struct bpf_sock_tuple {
	union {
		struct {
			__be32 saddr, daddr;
			__be16 sport, dport;
		} ipv4;
		struct {
			__be32 saddr[4], daddr[4];
			__be16 sport, dport;
		} ipv6;
	};
};

// lookup returns the socket that a packet goes to, which is to be released.
static __always_inline struct bpf_sock *lookup(struct __sk_buff *skb, const struct key *k)
{
	struct bpf_sock_tuple t = {};
	__u32 size = sizeof(t.ipv4);

	if (is_mapped(&k->dst)) {
		t.ipv4.saddr = k->src.words[3];
		t.ipv4.daddr = k->dst.words[3];
		t.ipv4.sport = bpf_htons(k->ports >> 16);
		t.ipv4.dport = bpf_htons(k->ports);
	} else {
		size = sizeof(t.ipv6);
		__builtin_memcpy(t.ipv6.saddr, k->src.words, sizeof(t.ipv6.saddr));
		__builtin_memcpy(t.ipv6.daddr, k->dst.words, sizeof(t.ipv6.daddr));
		t.ipv6.sport = bpf_htons(k->ports >> 16);
		t.ipv6.dport = bpf_htons(k->ports);
	}
	if (k->proto == PROTO_TCP)
		return bpf_sk_lookup_tcp(skb, &t, size, BPF_F_CURRENT_NETNS, 0);
	return bpf_sk_lookup_udp(skb, &t, size, BPF_F_CURRENT_NETNS, 0);
}

// receiver returns the cookie of the socket that a packet goes to; 0 for not known.
// The one that the buffer has may be the sender's, in another namespace. Not every
// local socket that listens at a port listens at the packet's address: whether that
// is local is for user space to say.
static __noinline __u64 receiver(struct __sk_buff *skb, struct packet *p, struct attribution *a)
{
	struct bpf_sock *sk;
	struct owner *o;
	__u64 cookie = 0;

	if (skb->pkt_type != PACKET_HOST)
		return 0; // another host's, or that of every socket
	if (!(sk = lookup(skb, &p->key))) {
		a->changes--; // somebody may come of whom no program here is told
		return 0;
	}
	if ((o = bpf_sk_storage_get(&sockets, sk, NULL, 0)))
		cookie = o->cookie;
	else
		a->several = true;
	if (!sk->dst_port)
		a->wildcard = true;
	bpf_sk_release(sk);
	return cookie;
}

// received returns what receiver does where it may be another one than that of the
// packet before, and else 0. In TCP only a new connection makes it so, whose first
// packet the listener receives; the last one tells its own socket.
static __always_inline __u64 received(struct __sk_buff *skb, struct packet *p, struct value *v, struct attribution *a)
{
	if (!(p->key.has & KEY_PORTS))
		return 0;
	if (p->key.proto == PROTO_TCP) {
		if (v->packets && !(p->details.tcp_flags & (TCP_SYN | TCP_FIN)))
			return 0;
		return receiver(skb, p, a);
	}
	__u32 *now = changed();
	if (p->key.proto != PROTO_UDP || !now || (v->packets && a->changes == *now))
		return 0;
	a->changes = *now;
	return receiver(skb, p, a);
}

// sender returns the cookie of the socket that a packet comes from; 0 for not known.
// A tunnel's packet still has the socket of what is inside.
static __always_inline __u64 sender(struct __sk_buff *skb, struct packet *p)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk || sk->state == TCP_NEW_SYN_RECV)
		return 0;
	if (p->key.has & KEY_PORTS) {
		if (sk->src_port != p->key.ports >> 16)
			return 0;
	} else if (!(p->key.has & KEY_ICMP)) {
		return 0;
	}
	return bpf_get_socket_cookie(skb);
}

// attribute notes the socket of a packet, before the packet is counted.
static __always_inline void attribute(struct __sk_buff *skb, struct packet *p, struct value *v)
{
	struct attribution *a = attribution(v);
	__u64 cookie;

	if (p->key.has & KEY_EGRESS)
		cookie = sender(skb, p);
	else
		cookie = received(skb, p, v, a);
	if (!cookie || cookie == a->first)
		return;
	if (!a->first) {
		a->first = cookie;
		bpf_map_lookup_elem(&owners, &cookie); // which notes that it is in use
	} else if (!a->other) {
		a->other = cookie;
	} else if (cookie != a->other) {
		a->several = true;
	}
}
