//go:build ignore

// Counts the packets that pass an interface into flows.
#include "events.h"
#include "fragments.h"
#include "transport.h"

#define LINK_ETHERNET 1   // LINKTYPE_ETHERNET
#define LINK_RAW      101 // LINKTYPE_RAW: an IP packet

// One packet in so many is counted.
volatile const __u32 sampling = 1;

// Packets are counted only where selected tells so.
volatile const bool filtering = false;

// selected tells whether the packets of a flow are counted. The loader replaces it.
__noinline int selected(const struct key *k)
{
	int yes = k != NULL;

	barrier_var(yes);
	return yes;
}

// sampled chooses one packet in so many at random.
static __always_inline bool sampled(void)
{
	return sampling <= 1 || (__u64)bpf_get_prandom_u32() * sampling >> 32 == 0;
}

// read reads the headers of a frame up to the transport's.
static __always_inline int read(struct __sk_buff *skb, struct packet *p)
{
	int refusal = ACCEPTED;

	if (skb->vlan_present) {
		tagged(p, skb->vlan_tci);
		p->hops = 1;
	}
	if (p->link == LINK_ETHERNET)
		refusal = ethernet(skb, p);
	else
		p->details.ether_type = bpf_ntohs(skb->protocol);
	if (refusal == ACCEPTED && !is_ip(p->details.ether_type))
		refusal = link(skb, p);
	if (refusal == ACCEPTED)
		refusal = network(skb, p);
	if (refusal != ACCEPTED)
		return p->wired ? REFUSED_MPLS_PAYLOAD : refusal;
	transport(skb, p);
	return ACCEPTED;
}

// measure finds out what the packet is on the wire, where it may be cut into
// segments that have headers of their own, and a tag that the frame lacks.
static __always_inline void measure(struct __sk_buff *skb, struct packet *p)
{
	__u32 tag = skb->vlan_present ? sizeof(struct tag) : 0;
	__u32 size = skb->gso_size;

	p->packets = 1;
	p->bytes = p->segment = p->length + tag;
	if (!size)
		return;
	__u32 payload = p->length - min(p->header, p->length);
	__u32 segments = skb->gso_segs;
	if (!segments) // a device from which nobody knows
		segments = (payload + size - 1) / size;
	if (segments < 2)
		return;
	p->packets = segments;
	p->bytes = payload + segments * (p->header + tag);
	p->segment = p->header + tag + size;
}

static const struct value_statistics empty;

// begin makes a flow.
static __noinline struct value *begin(struct __sk_buff *skb, struct packet *p, void *flows)
{
	int err = bpf_map_update_elem(flows, &p->key, &empty, BPF_NOEXIST);
	struct value *v = bpf_map_lookup_elem(flows, &p->key);

	if (v && !err && p->encapsulated)
		describe(skb, p);
	return v;
}

static __always_inline void store(struct __sk_buff *skb, struct packet *p)
{
	__u32 zero = 0;
	void *flows = bpf_map_lookup_elem(&generations, &zero);

	if (!flows)
		return;
	struct value *v = bpf_map_lookup_elem(flows, &p->key);
	if (!v)
		v = begin(skb, p, flows);
	if (v)
		count(v, p);
	else
		overflow(p);
}

// look reads a packet and counts it.
static __always_inline void look(struct __sk_buff *skb, __u32 link, __u16 direction)
{
	struct counters *c;
	struct packet p = {.link = link, .length = skb->len, .end = skb->len};

	p.key.ifindex = skb->ifindex;
	p.key.has = direction;
	int refusal = read(skb, &p);
	if (refusal != ACCEPTED) {
		if (refusal > 0 && refusal < REFUSALS && (c = counters()))
			add(&c->refused[refusal], 1, p.length);
		return;
	}
	if (p.details.has & HAS_FRAGMENT)
		join(&p);
	if (filtering && !selected(&p.key)) {
		if ((c = counters()))
			add(&c->filtered, 1, p.length);
		return;
	}
	measure(skb, &p);
	store(skb, &p);
}

static __always_inline void observe(struct __sk_buff *skb, __u32 link, __u16 direction)
{
	struct counters *c;

	if (sampled())
		look(skb, link, direction);
	else if ((c = counters()))
		add(&c->unsampled, 1, skb->len);
}

// A program lets the next one decide about the packet: TC_ACT_UNSPEC, TCX_NEXT.
#define PROGRAM(name, link, direction)           \
	SEC("tc")                                \
	int name(struct __sk_buff *skb)          \
	{                                        \
		observe(skb, link, direction);   \
		return -1;                       \
	}

PROGRAM(ingress, LINK_ETHERNET, KEY_INGRESS)
PROGRAM(egress, LINK_ETHERNET, KEY_EGRESS)
PROGRAM(ingress_ip, LINK_RAW, KEY_INGRESS)
PROGRAM(egress_ip, LINK_RAW, KEY_EGRESS)

char _license[] SEC("license") = "Apache-2.0";
