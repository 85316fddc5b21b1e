/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Stand before the socket programs while those of another release, with another lb_sock, give way
 * to ours: as bpf/switch/tc.bpf.c. What a socket remembers in the map of before is brought into
 * ours before our program is asked about that socket.
 */
#include "lb_abi.h"
#include "lb_maps.h"
#include "lb_recast.h"

LB_RECAST_SOCKETS(lb_sock_was);

const volatile __u8 cfg_sock[sizeof(struct lb_sock)] = {};

/* What a socket has in ours is newer. False: theirs knows nothing of it, or there is no memory. */
lb_inline bool copy(struct bpf_sock *sk)
{
	struct lb_sock ours;
	const struct lb_recast_value *theirs;

	theirs = bpf_sk_storage_get(&lb_sock_was, sk, NULL, 0);
	if (!theirs)
		return false;
	if (bpf_sk_storage_get(&lb_sock, sk, NULL, 0))
		return true;
	lb_recast((__u8 *)&ours, theirs->bytes, cfg_sock, sizeof(ours));
	/* It is made with what it holds, so that nobody finds an empty one. */
	return bpf_sk_storage_get(&lb_sock, sk, &ours, BPF_SK_STORAGE_GET_F_CREATE);
}

/* Once: a socket that has forgotten it, as it connected elsewhere, must not be given it back. */
lb_inline void take(struct bpf_sock *sk)
{
	if (copy(sk))
		bpf_sk_storage_delete(&lb_sock_was, sk);
}

#define SWITCH(section, name, type, socket, bring)                                                 \
	LB_SWITCH_TO(to_##name);                                                                   \
	SEC("cgroup/" section)                                                                     \
	int sw_##name(type *ctx)                                                                   \
	{                                                                                          \
		__u32 switched = lb_switched();                                                    \
		struct bpf_sock *sk = socket;                                                      \
                                                                                                   \
		if (switched && sk)                                                                \
			bring(sk);                                                                 \
		bpf_tail_call(ctx, &to_##name, switched);                                          \
		return LB_SOCK_ALLOW;                                                              \
	}

SWITCH("connect4", connect4, struct bpf_sock_addr, ctx->sk, take)
SWITCH("connect6", connect6, struct bpf_sock_addr, ctx->sk, take)
SWITCH("sendmsg4", sendmsg4, struct bpf_sock_addr, ctx->sk, take)
SWITCH("sendmsg6", sendmsg6, struct bpf_sock_addr, ctx->sk, take)
SWITCH("recvmsg4", recvmsg4, struct bpf_sock_addr, ctx->sk, take)
SWITCH("recvmsg6", recvmsg6, struct bpf_sock_addr, ctx->sk, take)
SWITCH("getpeername4", getpeername4, struct bpf_sock_addr, ctx->sk, take)
SWITCH("getpeername6", getpeername6, struct bpf_sock_addr, ctx->sk, take)
/* Nobody asks about a socket after its release; and no program at that hook may delete. */
SWITCH("sock_release", sock_release, struct bpf_sock, ctx, copy)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
