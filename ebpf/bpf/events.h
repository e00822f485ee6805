// What goes to user space at once, by the ring buffer.
#pragma once

#include "attribute.h"

#define SNAP 256 // bytes of a frame that user space gets

enum event_kind {
	EVENT_PACKET = 1, // a packet for which the map has no room
	EVENT_FRAME  = 2, // the beginning of an encapsulated flow's first frame
};

struct event {
	__u32 kind; // enum event_kind
	__u32 length; // EVENT_FRAME: of the frame
	struct key key;
};

struct packet_event {
	struct event event;
	struct value value;
};

struct packet_event_statistics {
	struct event event;
	struct value_statistics value;
};

struct frame_event {
	struct event event;
	__u64 at;
	__u32 snap; // bytes of data
	__u32 link; // LINKTYPE
	__u8 data[SNAP];
};

// The object describes types only where a function or a variable has them.
struct packet_event_statistics *volatile const packet_event_type = NULL;
struct frame_event *volatile const frame_event_type = NULL;

// User space is woken when the ring is this full at the latest.
volatile const __u64 wake_at = 0;

static __always_inline __u64 wake(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) < wake_at ? BPF_RB_NO_WAKEUP : 0;
}

// overflow hands a packet to user space that has no room in the map.
static __noinline int overflow(struct __sk_buff *skb, struct packet *p)
{
	struct packet_event *e;
	struct counters *c = counters();

	if (!c)
		return 0;
	e = bpf_ringbuf_reserve(&events, offsetof(struct packet_event, value) + value_size(), 0);
	if (!e) {
		add(&c->lost, 1, p->length);
		add(&c->lost_wire, p->packets, p->bytes);
		return 0;
	}
	e->event.kind = EVENT_PACKET;
	e->event.length = 0;
	e->event.key = p->key;
	__builtin_memset(&e->value, 0, sizeof(struct value));
	if (with_statistics)
		__builtin_memset(statistics(&e->value), 0, sizeof(struct statistics));
	if (with_attribution) {
		__builtin_memset(attribution(&e->value), 0, sizeof(struct attribution));
		attribute(skb, p, &e->value);
	}
	count(&e->value, p);
	bpf_ringbuf_submit(e, 0); // wakes user space unless it is at work
	c->overflowed++;
	return 0;
}

// describe hands the beginning of the frame to user space, which reads what is
// inside it.
static __noinline int describe(struct __sk_buff *skb, struct packet *p)
{
	__u32 snap = min(p->length, SNAP);
	struct frame_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		struct counters *c = counters();
		if (c)
			c->details_lost++;
		return 0;
	}
	e->event.kind = EVENT_FRAME;
	e->event.length = p->length;
	e->event.key = p->key;
	e->at = bpf_ktime_get_coarse_ns();
	e->link = link_type;
	if (snap < 1 || bpf_skb_load_bytes(skb, 0, e->data, snap))
		snap = 0;
	e->snap = snap;
	bpf_ringbuf_submit(e, wake());
	return 0;
}
