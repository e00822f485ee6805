//go:build ignore

// Counts the packets that pass an interface into flows.
#include "attribute.h"
#include "events.h"
#include "fragments.h"
#include "transport.h"

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
	if (link_type == LINK_ETHERNET)
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
	__u32 size = skb->gso_size, segments = skb->gso_segs, header = p->header;

	p->packets = 1;
	p->bytes = p->segment = p->length + tag;
	if (!size)
		return;
	if (!segments) // a device from which nobody knows
		segments = (p->length - min(header, p->length) + size - 1) / size;
	if (segments < 2)
		return;
	if (p->encapsulated && skb->wire_len > p->length) // the stack knows the inner ones
		header = (skb->wire_len - p->length) / (segments - 1);
	p->packets = segments;
	p->bytes = p->length + (segments - 1) * header + segments * tag;
	p->segment = header + tag + size;
}

// begin makes a flow, and returns the values of all CPUs.
static __noinline void *begin(struct __sk_buff *skb, struct packet *p, void *flows)
{
	__u32 zero = 0;
	void *none = bpf_map_lookup_elem(&zeros, &zero);

	if (!none)
		return NULL;
	int err = bpf_map_update_elem(flows, &p->key, none, BPF_NOEXIST);
	void *values = bpf_map_lookup_elem(flows, &p->key);
	if (values && !err && p->encapsulated)
		describe(skb, p);
	return values;
}

static __always_inline void store(struct __sk_buff *skb, struct packet *p)
{
	__u32 zero = 0;
	void *flows = bpf_map_lookup_elem(&generations, &zero);

	if (!flows)
		return;
	void *values = bpf_map_lookup_elem(flows, &p->key);
	if (!values)
		values = begin(skb, p, flows);
	struct value *v = values ? own(values) : NULL;
	if (!v) {
		overflow(skb, p);
		return;
	}
	if (with_attribution)
		attribute(skb, p, v);
	count(v, p);
}

// look reads a packet and counts it.
static __always_inline void look(struct __sk_buff *skb, __u16 direction)
{
	struct counters *c;
	struct packet p = {.length = skb->len, .end = skb->len};

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

// observe counts the packets that the sampling chooses, and lets the next program
// decide about all: TC_ACT_UNSPEC is TCX_NEXT.
static __always_inline int observe(struct __sk_buff *skb, __u16 direction)
{
	struct counters *c;

	if (sampled())
		look(skb, direction);
	else if ((c = counters()))
		add(&c->unsampled, 1, skb->len);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int ingress(struct __sk_buff *skb)
{
	return observe(skb, KEY_INGRESS);
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	return observe(skb, KEY_EGRESS);
}

char _license[] SEC("license") = "Apache-2.0";
