//go:build ignore

// Tells which process a socket belongs to, and how its connection fares.
#include "owner.h"

struct bpf_sock_addr {
	__u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol;
	__u32 msg_src_ip4, msg_src_ip6[4];
	union {
		struct bpf_sock *sk;
		__u64 : 64;
	};
};

// Up to the last field that the programs read.
struct bpf_sock_ops {
	__u32 op, args[4], family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4];
	__u32 remote_port, local_port, is_fullsock, snd_cwnd, srtt_us, bpf_sock_ops_cb_flags;
	__u32 state, rtt_min, snd_ssthresh, rcv_nxt, snd_nxt, snd_una, mss_cache, ecn_flags;
	__u32 rate_delivered, rate_interval_us, packets_out, retrans_out, total_retrans;
	__u32 segs_in, data_segs_in, segs_out, data_segs_out, lost_out, sacked_out, sk_txhash;
	__u64 bytes_received, bytes_acked;
	union {
		struct bpf_sock *sk;
		__u64 : 64;
	};
};

enum {
	BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB  = 4,
	BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB = 5,
	BPF_SOCK_OPS_STATE_CB               = 10,
	BPF_SOCK_OPS_RTT_CB                 = 12,
};

enum {
	BPF_SOCK_OPS_STATE_CB_FLAG = 1 << 2,
	BPF_SOCK_OPS_RTT_CB_FLAG   = 1 << 3,
};

enum {
	BPF_SK_STORAGE_GET_F_CREATE = 1,
};

#define ALLOW 1
#define PROTO_UDP 17

// own makes the process that runs the owner of a socket.
static __always_inline void own(struct bpf_sock *sk, __u64 cookie)
{
	struct owner *o;
	__u64 id = bpf_get_current_pid_tgid();
	__u32 pid = id >> 32;

	if (!sk || !(o = bpf_sk_storage_get(&sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE)))
		return;
	if (o->pid == pid && o->cookie == cookie && bpf_map_lookup_elem(&owners, &cookie))
		return; // and is one of those in use now
	o->cookie = cookie;
	o->at = bpf_ktime_get_boot_ns();
	o->cgroup = bpf_get_current_cgroup_id();
	o->pid = pid;
	o->uid = bpf_get_current_uid_gid();
	__builtin_memset(o->name, 0, sizeof(o->name));
	if (pid == (__u32)id)
		bpf_get_current_comm(o->name, sizeof(o->name));
	bpf_map_update_elem(&owners, &cookie, o, BPF_ANY);
}

// change says that a UDP socket begins or ends to receive.
static __always_inline void change(__u32 protocol)
{
	__u32 *n;

	if (protocol == PROTO_UDP && (n = changed()))
		__sync_fetch_and_add(n, 1);
}

SEC("cgroup/sock_create")
int create(struct bpf_sock *sk)
{
	own(sk, bpf_get_socket_cookie(sk));
	return ALLOW;
}

SEC("cgroup/sock_release")
int release(struct bpf_sock *sk)
{
	change(sk->protocol);
	return ALLOW;
}

static __always_inline int bound(struct bpf_sock *sk)
{
	own(sk, bpf_get_socket_cookie(sk));
	change(sk->protocol);
	return ALLOW;
}

SEC("cgroup/post_bind4")
int bind4(struct bpf_sock *sk)
{
	return bound(sk);
}

SEC("cgroup/post_bind6")
int bind6(struct bpf_sock *sk)
{
	return bound(sk);
}

static __always_inline int connects(struct bpf_sock_addr *ctx)
{
	own(ctx->sk, bpf_get_socket_cookie(ctx));
	change(ctx->protocol);
	return ALLOW;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return connects(ctx);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return connects(ctx);
}

static __always_inline int sends(struct bpf_sock_addr *ctx)
{
	own(ctx->sk, bpf_get_socket_cookie(ctx));
	return ALLOW;
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return sends(ctx);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return sends(ctx);
}

// accept gives the connection that a listener accepted a record of its own.
static __always_inline void accept(struct bpf_sock_ops *ctx, __u64 cookie)
{
	struct bpf_sock *sk = ctx->sk;
	struct owner *o;

	if (!sk || !(o = bpf_sk_storage_get(&sockets, sk, NULL, 0)))
		return;
	o->cookie = cookie;
	bpf_map_update_elem(&owners, &cookie, o, BPF_ANY);
}

SEC("sockops")
int connection(struct bpf_sock_ops *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct owner *o;

	switch (ctx->op) {
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		accept(ctx, cookie);
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG | BPF_SOCK_OPS_RTT_CB_FLAG);
		break;
	case BPF_SOCK_OPS_STATE_CB:
	case BPF_SOCK_OPS_RTT_CB:
		break;
	default:
		return ALLOW;
	}
	if ((o = bpf_map_lookup_elem(&owners, &cookie))) {
		o->rtt = ctx->srtt_us;
		o->retransmits = ctx->total_retrans;
	}
	return ALLOW;
}

char _license[] SEC("license") = "Apache-2.0";
