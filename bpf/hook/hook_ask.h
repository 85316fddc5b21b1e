/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Verbs of hook.h that ask the kernel who else knows a packet: the same for packets of both kinds,
 * but for HOOK_CT_LOOKUP. */
#ifndef HOOK_ASK_H
#define HOOK_ASK_H

/* For TCP who listens is not connected; who is being opened or closed is. Each kind reads the state
 * by itself: the verifier wants one kind of pointer at an instruction. */
lb_inline enum hook_socket hook_socket(hook_ctx *ctx, struct bpf_sock_tuple *at, __u32 size,
				       __u8 proto)
{
	struct bpf_sock *sk;
	__u32 state;

	if (proto == IPPROTO_TCP) {
		sk = bpf_skc_lookup_tcp(ctx, at, size, BPF_F_CURRENT_NETNS, 0);
		if (!sk)
			return HOOK_SOCKET_NONE;
		state = sk->state;
		lb_pin(state);
		bpf_sk_release(sk);
		return state == BPF_TCP_LISTEN ? HOOK_SOCKET_OPEN : HOOK_SOCKET_CONNECTED;
	}
	if (proto != IPPROTO_UDP)
		return HOOK_SOCKET_NONE;
	sk = bpf_sk_lookup_udp(ctx, at, size, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return HOOK_SOCKET_NONE;
	state = sk->state;
	lb_pin(state);
	bpf_sk_release(sk);
	return state == BPF_TCP_ESTABLISHED ? HOOK_SOCKET_CONNECTED : HOOK_SOCKET_OPEN;
}

#ifdef LB_NO_NF_CONNTRACK
lb_inline enum hook_track hook_tracked(hook_ctx *ctx, struct bpf_sock_tuple *at, __u32 size,
				       __u8 proto)
{
	return HOOK_TRACK_NONE;
}
#else
/* The kernel's, as far as it goes in every version that has the function. */
struct bpf_ct_opts {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir;
	__u8 reserved[2];
};

struct nf_conn {
	unsigned long status;
} __attribute__((preserve_access_index));

/* IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h. */
#define HOOK_NF_DST_NAT (1UL << 5)

extern struct nf_conn *HOOK_CT_LOOKUP(hook_ctx *ctx, struct bpf_sock_tuple *at, __u32 size,
				      struct bpf_ct_opts *opts, __u32 opts_size) __ksym __weak;
extern void bpf_ct_release(struct nf_conn *ct) __ksym __weak;

/* It knows TCP and UDP only. */
lb_inline enum hook_track hook_tracked(hook_ctx *ctx, struct bpf_sock_tuple *at, __u32 size,
				       __u8 proto)
{
	struct bpf_ct_opts opts = {.netns_id = BPF_F_CURRENT_NETNS, .l4proto = proto};
	unsigned long status;
	struct nf_conn *ct;

	if (!cfg_conntrack)
		return HOOK_TRACK_NONE;
	ct = HOOK_CT_LOOKUP(ctx, at, size, &opts, sizeof(opts));
	if (!ct)
		return HOOK_TRACK_NONE;
	status = ct->status;
	bpf_ct_release(ct);
	if (opts.dir)
		return HOOK_TRACK_REPLY;
	return status & HOOK_NF_DST_NAT ? HOOK_TRACK_TRANSLATED : HOOK_TRACK_ORIGINAL;
}
#endif

#endif
