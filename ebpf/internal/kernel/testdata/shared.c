// The programs with one count of a flow for all CPUs, to measure what counts of
// their own are worth. First packet, TTLs and flags are as in the original.
#include "maps.h"

static __always_inline void count_shared(struct value *v, const struct packet *p)
{
	__u64 now = clock(v);

	if (!v->packets) {
		v->first = now;
		v->details = p->details;
		v->min_ttl = v->max_ttl = p->details.ttl;
	} else {
		if (p->details.tcp_flags & ~v->details.tcp_flags)
			v->details.tcp_flags |= p->details.tcp_flags;
		if (p->details.ttl < v->min_ttl)
			v->min_ttl = p->details.ttl;
		if (p->details.ttl > v->max_ttl)
			v->max_ttl = p->details.ttl;
	}
	if (v->last < now)
		v->last = now;
	__sync_fetch_and_add(&v->packets, p->packets);
	__sync_fetch_and_add(&v->bytes, p->bytes);
	__sync_fetch_and_add(&v->stack_packets, 1);
	__sync_fetch_and_add(&v->stack_bytes, p->length);
}

#define count count_shared
#define own(values) (values)
#include "flows.c"
