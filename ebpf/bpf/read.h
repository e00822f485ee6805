// Reading headers, wherever in the socket buffer they lie.
#pragma once

#include "packet.h"

// Headers further into the frame than this are not read: the verifier allows no
// offset of 64 KiB.
#define MAX_OFFSET 0x7fff

static __always_inline bool within(__u32 off, __u32 end, __u32 size)
{
	return off <= MAX_OFFSET && off + size <= end;
}

// copied copies size bytes from off on to buf, unless the packet ends before.
static __always_inline bool copied(struct __sk_buff *skb, __u32 off, __u32 end, void *buf, const __u32 size)
{
	return within(off, end, size) && !bpf_skb_load_bytes(skb, off, buf, size);
}

// at returns size bytes from off on, or NULL when the packet ends before. They are
// read in place where they are in the linear part of the buffer, as nearly always,
// and else copied to buf. The packet is never changed.
static __always_inline void *at(struct __sk_buff *skb, __u32 off, __u32 end, void *buf, const __u32 size)
{
	if (!within(off, end, size))
		return NULL;
	barrier_var(off); // one register for the check and for the use
	void *p = (void *)(long)skb->data + off;
	if (p + size <= (void *)(long)skb->data_end)
		return p;
	return bpf_skb_load_bytes(skb, off, buf, size) ? NULL : buf;
}

// The next header of a packet.
#define next(skb, p, buf) at(skb, (p)->off, (p)->end, &(buf), sizeof(buf))
