// Later fragments count with the first one of their packet.
#pragma once

#include "maps.h"

#define FRAGMENT_TIME 30000000000ULL // a first fragment is remembered so long

// What the fragments of a packet have in common. They have no ports, may tell
// another protocol than what stands behind the extension headers of the first, and
// a router may have marked some of them alone (RFC 3168).
struct fragment {
	struct key same;
	__u32 id;
};

struct first_fragment {
	struct key key;
	__u64 at;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct fragment);
	__type(value, struct first_fragment);
} fragments SEC(".maps");

// join gives a later fragment the key of the first, and remembers a first one.
static __noinline int join(struct packet *p)
{
	struct fragment f = {.same = p->key, .id = p->details.fragment_id};
	__u64 now = bpf_ktime_get_coarse_ns();

	f.same.ports = 0;
	f.same.has &= ~(KEY_PORTS | KEY_ICMP);
	f.same.proto = p->fragment_proto;
	f.same.tos = 0;
	if (!p->details.fragment_offset) {
		struct first_fragment first = {.key = p->key, .at = now};

		bpf_map_update_elem(&fragments, &f, &first, BPF_ANY);
		return 0;
	}
	struct first_fragment *first = bpf_map_lookup_elem(&fragments, &f);
	if (first && now - first->at < FRAGMENT_TIME) {
		p->key = first->key;
		return 0;
	}
	struct counters *c = counters();
	if (c)
		c->fragments_unmatched++;
	return 0;
}
