/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Stand before the socket programs while those of another release, with another lb_sock, give way
 * to ours: as bpf/switch/tc.bpf.c. What a socket remembers in the map of before is brought into
 * ours before our program is asked about that socket.
 */
#include "lb_abi.h"
#include "lb_maps.h"
#include "lb_recast.h"

struct was {
	__u8 bytes[LB_RECAST_VALUE];
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__type(key, int);
	__type(value, struct was);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} lb_sock_was SEC(".maps");

const volatile __u8 cfg_sock[sizeof(struct lb_sock)] = {};

/* Once: what a socket has in ours is newer. */
lb_inline void take(struct bpf_sock *sk)
{
	struct lb_sock ours;
	const struct was *theirs;

	theirs = bpf_sk_storage_get(&lb_sock_was, sk, NULL, 0);
	if (!theirs || bpf_sk_storage_get(&lb_sock, sk, NULL, 0))
		return;
	lb_recast((__u8 *)&ours, theirs->bytes, cfg_sock, sizeof(ours));
	/* It is made with what it holds, so that nobody finds an empty one. */
	bpf_sk_storage_get(&lb_sock, sk, &ours, BPF_SK_STORAGE_GET_F_CREATE);
}

#define SWITCH(section, name, type, socket)                                                        \
	LB_SWITCH_TO(to_##name);                                                                   \
	SEC("cgroup/" section)                                                                     \
	int sw_##name(type *ctx)                                                                   \
	{                                                                                          \
		__u32 switched = lb_switched();                                                    \
		struct bpf_sock *sk = socket;                                                      \
                                                                                                   \
		if (switched && sk)                                                                \
			take(sk);                                                                  \
		bpf_tail_call(ctx, &to_##name, switched);                                          \
		return LB_SOCK_ALLOW;                                                              \
	}

SWITCH("connect4", connect4, struct bpf_sock_addr, ctx->sk)
SWITCH("connect6", connect6, struct bpf_sock_addr, ctx->sk)
SWITCH("sendmsg4", sendmsg4, struct bpf_sock_addr, ctx->sk)
SWITCH("sendmsg6", sendmsg6, struct bpf_sock_addr, ctx->sk)
SWITCH("recvmsg4", recvmsg4, struct bpf_sock_addr, ctx->sk)
SWITCH("recvmsg6", recvmsg6, struct bpf_sock_addr, ctx->sk)
SWITCH("getpeername4", getpeername4, struct bpf_sock_addr, ctx->sk)
SWITCH("getpeername6", getpeername6, struct bpf_sock_addr, ctx->sk)
SWITCH("sock_release", sock_release, struct bpf_sock, ctx)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
