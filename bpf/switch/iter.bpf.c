/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Brings what all sockets remember in the lb_sock of another release into ours, in every network
 * namespace, as bpf/switch/sock.bpf.c does with those that it is asked about. */
#include "lb_abi.h"
#include "lb_maps.h"
#include "lb_recast.h"

struct sock {
} __attribute__((preserve_access_index));

struct bpf_iter_meta;

struct bpf_iter__bpf_sk_storage_map {
	union {
		struct bpf_iter_meta *meta;
		__u64 : 64;
	};
	union {
		struct bpf_map *map;
		__u64 : 64;
	};
	union {
		struct sock *sk;
		__u64 : 64;
	};
	union {
		void *value;
		__u64 : 64;
	};
} __attribute__((preserve_access_index));

/* What is iterated. */
LB_RECAST_SOCKETS(lb_sock_was);

const volatile __u8 cfg_sock[sizeof(struct lb_sock)] = {};

SEC("iter/bpf_sk_storage_map")
int sw_sockets(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	const __u8 *theirs = ctx->value;
	struct sock *sk = ctx->sk;
	struct lb_sock ours;

	if (!sk || !theirs)
		return 0;
	lb_recast((__u8 *)&ours, theirs, cfg_sock, sizeof(ours));
	/* What ours has is newer and stays. */
	if (bpf_sk_storage_get(&lb_sock, sk, &ours, BPF_SK_STORAGE_GET_F_CREATE))
		bpf_sk_storage_delete(&lb_sock_was, sk);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
