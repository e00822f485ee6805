// Whose sockets are.
#pragma once

#include "types.h"

#define NAME 16 // TASK_COMM_LEN of the kernel

// The process that created, bound, connected or sent by a socket last. A connection
// that was accepted is the listener's.
struct owner {
	__u64 cookie; // of the socket
	__u64 at;     // when that was, by the boot clock, in nanoseconds
	__u64 cgroup;
	__u32 pid, uid;
	__u32 rtt;         // smoothed, in eighths of a microsecond; 0 for not known
	__u32 retransmits; // segments, since the connection began
	__u8 name[NAME];   // of the process; empty when only a thread's is known
};

// Of each socket, as long as it lives. Accepted ones begin with a copy.
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct owner);
} sockets SEC(".maps");

// Of the sockets that were in use last, also of those that are closed. Cookies are
// never used again. The loader sets the bound.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct owner);
} owners SEC(".maps");

// How often it changed which UDP socket receives what, but for sockets that get
// their port as they send.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} changes SEC(".maps");

static __always_inline __u32 *changed(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&changes, &zero);
}
