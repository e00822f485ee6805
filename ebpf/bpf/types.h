// The part of the kernel's interface (linux/bpf.h, linux/pkt_cls.h) that the programs
// use. What they are compiled to so depends on no headers of a system.
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32, __wsum;

enum {
	BPF_MAP_TYPE_HASH          = 1,
	BPF_MAP_TYPE_ARRAY         = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY  = 6,
	BPF_MAP_TYPE_LRU_HASH      = 9,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_SK_STORAGE    = 24,
	BPF_MAP_TYPE_RINGBUF       = 27,
};

enum {
	BPF_ANY     = 0,
	BPF_NOEXIST = 1,
};

enum {
	BPF_F_NO_PREALLOC   = 1 << 0,
	BPF_F_CLONE         = 1 << 9,
	BPF_F_CURRENT_NETNS = -1,
};

enum {
	BPF_RB_NO_WAKEUP  = 1,
	BPF_RB_AVAIL_DATA = 0,
};

enum {
	TC_ACT_UNSPEC = -1,
};

enum {
	PACKET_HOST = 0, // a frame to the host, of linux/if_packet.h
};

// A socket, up to the last field that the programs read.
struct bpf_sock {
	__u32 bound_dev_if, family, type, protocol, mark, priority;
	__u32 src_ip4, src_ip6[4], src_port;
	__be16 dst_port;
	__u16 : 16;
	__u32 dst_ip4, dst_ip6[4], state;
};

// A socket buffer, up to the last field that the programs read.
struct __sk_buff {
	__u32 len, pkt_type, mark, queue_mapping, protocol;
	__u32 vlan_present, vlan_tci, vlan_proto;
	__u32 priority, ingress_ifindex, ifindex, tc_index, cb[5], hash, tc_classid;
	__u32 data, data_end;
	__u32 napi_id, family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4];
	__u32 remote_port, local_port;
	__u32 data_meta;
	__u64 flow_keys, tstamp;
	__u32 wire_len, gso_segs;
	union {
		struct bpf_sock *sk;
		__u64 : 64;
	};
	__u32 gso_size;
};

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
