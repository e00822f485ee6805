// What is counted of a flow.
#pragma once

#include "packet.h"

// One CPU's count. Times are of the monotonic clock, in nanoseconds.
struct value {
	__u64 first, last;
	__u64 packets, bytes;             // on the wire
	__u64 stack_packets, stack_bytes; // as the network stack hands them over
	struct details details;           // of the first packet, but all TCP flags
	__u8 min_ttl, max_ttl;
	__u32 tick; // of the latest packet
};

// What the option adds.
struct statistics {
	__u64 length_squares; // of packets on the wire; their number and sum are known
	__u64 gaps;           // times from one packet of the stack to the next
	__u64 gap_sum, gap_squares, gap_min, gap_max;
	__u64 header_bytes, payload_packets;
	__u64 flags[8]; // packets with FIN, SYN, RST, PSH, ACK, URG, ECE, CWR
	__u32 length_min, length_max;
};

struct value_statistics {
	struct value value;
	struct statistics statistics;
};

volatile const bool with_statistics = false;

static __always_inline struct statistics *statistics(struct value *v)
{
	return &((struct value_statistics *)v)->statistics;
}

// The local sockets that packets belong to, by cookie. It follows a value, when that
// is wanted.
struct attribution {
	__u64 first, other; // two of them
	__u32 changes;      // what of receivers was current when first was looked up
	__u8 several;       // there are more, or one whose owner is not known
	__u8 wildcard;      // one of them receives packets to every local address
};

struct value_attribution {
	struct value value;
	struct attribution attribution;
};

struct value_statistics_attribution {
	struct value_statistics value;
	struct attribution attribution;
};

volatile const bool with_attribution = false;

static __always_inline struct attribution *attribution(struct value *v)
{
	if (with_statistics)
		return &((struct value_statistics_attribution *)v)->attribution;
	return &((struct value_attribution *)v)->attribution;
}

// value_size returns the bytes of a value with what the options add.
static __always_inline __u64 value_size(void)
{
	if (with_attribution)
		return with_statistics ? sizeof(struct value_statistics_attribution) : sizeof(struct value_attribution);
	return with_statistics ? sizeof(struct value_statistics) : sizeof(struct value);
}

// Flags that of a packet which is cut into segments only one segment gets.
#define ONCE 0x8f // FIN, SYN, RST, PSH, CWR

static __always_inline void count_gap(struct statistics *s, __u64 gap)
{
	if (!s->gaps || gap < s->gap_min)
		s->gap_min = gap;
	if (gap > s->gap_max)
		s->gap_max = gap;
	s->gaps++;
	s->gap_sum += gap;
	s->gap_squares += gap * gap;
}

// count_lengths counts the packets on the wire: all as long as the longest, but the
// last, which has what is left.
static __always_inline void count_lengths(struct statistics *s, const struct packet *p, bool first)
{
	__u64 last = p->bytes - (__u64)(p->packets - 1) * p->segment;

	if (first || last < s->length_min)
		s->length_min = last;
	if (p->segment > s->length_max)
		s->length_max = p->segment;
	s->length_squares += (__u64)(p->packets - 1) * p->segment * p->segment + last * last;
}

static __always_inline void count_statistics(struct value *v, const struct packet *p, __u64 now)
{
	struct statistics *s = statistics(v);
	bool first = !v->packets;

	count_lengths(s, p, first);
	if (!first)
		count_gap(s, now - v->last);
	s->header_bytes += (__u64)p->header * p->packets;
	if (p->payload)
		s->payload_packets += p->packets;
	for (int i = 0; i < 8; i++) {
		if (p->details.tcp_flags >> i & 1)
			s->flags[i] += ONCE >> i & 1 ? 1 : p->packets;
	}
}

// clock returns the time of a packet. Without statistics it is that of the last tick,
// and a flow's further packets in a tick take it from the flow: a call for it costs as
// much as reading the headers does.
static __always_inline __u64 clock(struct value *v)
{
	if (with_statistics)
		return bpf_ktime_get_ns();
	__u32 tick = bpf_jiffies64();
	if (v->packets && v->tick == tick)
		return v->last;
	v->tick = tick;
	return bpf_ktime_get_coarse_ns();
}

// count adds a packet.
static __always_inline void count(struct value *v, const struct packet *p)
{
	__u64 now = clock(v);

	if (with_statistics)
		count_statistics(v, p, now);
	if (!v->packets) {
		v->first = now;
		v->details = p->details;
		v->min_ttl = v->max_ttl = p->details.ttl;
	} else {
		v->details.tcp_flags |= p->details.tcp_flags;
		v->details.has |= p->details.has & HAS_TCP_FLAGS;
		if (p->details.ttl < v->min_ttl)
			v->min_ttl = p->details.ttl;
		if (p->details.ttl > v->max_ttl)
			v->max_ttl = p->details.ttl;
	}
	v->last = now;
	v->packets += p->packets;
	v->bytes += p->bytes;
	v->stack_packets++;
	v->stack_bytes += p->length;
}
