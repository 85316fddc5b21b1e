/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The verbs of hook.h on __sk_buff. */
#ifndef HOOK_TC_H
#define HOOK_TC_H

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include "hook.h"
#include "lb_config.h"

#define hook_ctx       struct __sk_buff
#define HOOK_CT_LOOKUP bpf_skb_ct_lookup

/* For functions that take a context. Static, where lb_once is weak: programs of another hook have
 * functions of the same names, and the linker would keep one of the two. */
#define HOOK_ONCE static __noinline

/* Where traces say that it was. */
#define HOOK_TRACED LB_TRACE_AT_TC

#define HOOK_PASS	 TC_ACT_UNSPEC /* TCX_NEXT: others may follow */
#define HOOK_DROP	 TC_ACT_SHOT
#define HOOK_CSUM_PSEUDO BPF_F_PSEUDO_HDR
#define HOOK_CSUM_ZERO	 BPF_F_MARK_MANGLED_0

/* BPF_F_ADJ_ROOM_DECAP_L3_IPV4, which headers before 6.3 do not have. */
#define HOOK_DECAP_L3_IPV4 (1ULL << 7)

/* skb->tc_index counts how often a packet went round; what others leave there looks different. */
#define HOOK_AGAIN_MARK 0x4c00
#define HOOK_AGAIN_MASK 0xff00
#define HOOK_AGAIN_STEP 0x10

/* Other values of it: of a packet that hook_forward() has sent, and of one that hook_anew() has. */
#define HOOK_SENT_MARK 0x4d00
#define HOOK_ANEW_MARK 0x4e00

/* Queueing disciplines go by its low bits: GRED by four of them, dsmark (until 6.2) by as many as
 * it has classes. To those a packet of ours is one that nobody has marked. */
#define HOOK_INDEX_OTHERS 0xf
_Static_assert(!((HOOK_AGAIN_MARK | HOOK_AGAIN_STEP | HOOK_SENT_MARK | HOOK_ANEW_MARK) &
		 HOOK_INDEX_OTHERS),
	       "bits of tc_index that others go by");

lb_inline void *hook_data(hook_ctx *ctx)
{
	return (void *)(long)ctx->data;
}

lb_inline void *hook_data_end(hook_ctx *ctx)
{
	return (void *)(long)ctx->data_end;
}

lb_inline long hook_pull(hook_ctx *ctx, __u32 len)
{
	return bpf_skb_pull_data(ctx, len);
}

lb_inline long hook_read(hook_ctx *ctx, __u32 off, void *to, __u32 len)
{
	return bpf_skb_load_bytes(ctx, off, to, len);
}

lb_inline long hook_write(hook_ctx *ctx, __u32 off, const void *from, __u32 len)
{
	return bpf_skb_store_bytes(ctx, off, from, len, 0);
}

lb_inline long hook_write_new(hook_ctx *ctx, __u32 off, const void *from, __u32 len)
{
	return bpf_skb_store_bytes(ctx, off, from, len, BPF_F_RECOMPUTE_CSUM);
}

lb_inline long hook_l4_csum(hook_ctx *ctx, __u32 off, __u64 old, __u64 new, __u64 flags)
{
	return bpf_l4_csum_replace(ctx, off, old, new, flags);
}

/* An error says that there is no such sum. */
lb_inline void hook_csum_add(hook_ctx *ctx, __u32 diff)
{
	bpf_csum_update(ctx, diff);
}

lb_inline long hook_resize(hook_ctx *ctx, __u32 len)
{
	return bpf_skb_change_tail(ctx, len, 0);
}

lb_inline long hook_push(hook_ctx *ctx, __u32 len)
{
	return bpf_skb_change_head(ctx, len, 0);
}

/* In two steps: Linux before 6.2 looks whether the unfinished checksum is still in the packet
 * before it takes bytes away, not after. */
lb_inline long hook_cut(hook_ctx *ctx, __u32 len)
{
	long err = bpf_skb_adjust_room(ctx, 1 - (__s32)len, BPF_ADJ_ROOM_MAC, 0);

	return err ? err : bpf_skb_adjust_room(ctx, -1, BPF_ADJ_ROOM_MAC, 0);
}

lb_inline long hook_room(hook_ctx *ctx, __u32 len)
{
	return bpf_skb_adjust_room(ctx, len, BPF_ADJ_ROOM_MAC, 0);
}

lb_inline long hook_encap(hook_ctx *ctx, __u32 len, __u64 flags)
{
	long err = bpf_skb_adjust_room(ctx, len, BPF_ADJ_ROOM_MAC, flags);

	/* It came in a tunnel: what the sender's stack, or GRO, has noted about that is on it yet,
	 * and holds again. */
	if (unlikely(err == -EALREADY))
		err = bpf_skb_adjust_room(ctx, len, BPF_ADJ_ROOM_MAC,
					  flags & BPF_F_ADJ_ROOM_FIXED_GSO);
	return err;
}

/* Segments of a packet that GRO has made keep their size: the kernel would make each longer by what
 * is taken off, and too long for a device whose MTU was made for tunnels. */
lb_inline long hook_decap(hook_ctx *ctx, __u32 len)
{
	return bpf_skb_adjust_room(ctx, -(__s32)len, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
}

/* The first since 6.3; a kernel without it says so when it is called. */
lb_inline long hook_decap_4in6(hook_ctx *ctx, __u32 len)
{
	const __u32 differ = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	long err = bpf_skb_adjust_room(ctx, -(__s32)len, BPF_ADJ_ROOM_MAC,
				       HOOK_DECAP_L3_IPV4 | BPF_F_ADJ_ROOM_FIXED_GSO);

	if (err != -EINVAL)
		return err;
	err = bpf_skb_change_proto(ctx, bpf_htons(ETH_P_IP), 0);
	return err ? err
		   : bpf_skb_adjust_room(ctx, differ - len, BPF_ADJ_ROOM_MAC,
					 BPF_F_ADJ_ROOM_FIXED_GSO);
}

lb_inline long hook_untag(hook_ctx *ctx)
{
	return bpf_skb_vlan_pop(ctx);
}

lb_inline __u32 hook_len(hook_ctx *ctx)
{
	return ctx->len;
}

lb_inline __u32 hook_segment(hook_ctx *ctx)
{
	return ctx->gso_size;
}

lb_inline __be16 hook_protocol(hook_ctx *ctx)
{
	return ctx->protocol;
}

lb_inline __u32 hook_vlan(hook_ctx *ctx)
{
	return ctx->vlan_present ? ctx->vlan_tci & 0xfff : 0;
}

#define HOOK_READS_TAGS 0

lb_inline __u32 hook_ifindex(hook_ctx *ctx)
{
	return ctx->ifindex;
}

lb_inline int hook_send(hook_ctx *ctx, __u32 ifindex)
{
	return bpf_redirect(ifindex, 0);
}

/* bpf_redirect_neigh() takes an Ethernet header away and writes the one it needs: a packet of a
 * device without one gets room for it, and a priority tag must not hide the protocol from it. */
lb_inline int hook_forward(hook_ctx *ctx, __u32 ifindex, __u32 l3, struct bpf_redir_neigh *to)
{
	if (unlikely(l3 != ETH_HLEN)) {
		if (l3 ? bpf_skb_vlan_pop(ctx) : bpf_skb_change_head(ctx, ETH_HLEN, 0))
			return HOOK_DROP;
	}
	if (unlikely(ctx->vlan_present) && bpf_skb_vlan_pop(ctx))
		return HOOK_DROP;
	ctx->tc_index = HOOK_SENT_MARK;
	return to->nh_family ? bpf_redirect_neigh(ifindex, to, sizeof(*to), 0)
			     : bpf_redirect_neigh(ifindex, NULL, 0, 0);
}

lb_inline bool hook_sent(hook_ctx *ctx)
{
	return ctx->tc_index == HOOK_SENT_MARK;
}

lb_inline bool hook_arrived(hook_ctx *ctx)
{
	__u32 index = ctx->tc_index;

	if (likely(index != HOOK_SENT_MARK && index != HOOK_ANEW_MARK))
		return false;
	ctx->tc_index = 0;
	return index == HOOK_ANEW_MARK;
}

/* On its way in by a device a packet loses netfilter's connection and what br_netfilter noted. */
lb_inline int hook_anew(hook_ctx *ctx)
{
	ctx->tc_index = HOOK_ANEW_MARK;
	return bpf_redirect(ctx->ifindex, BPF_F_INGRESS);
}

lb_inline int hook_again(hook_ctx *ctx, __u32 rounds)
{
	__u32 index = ctx->tc_index;
	__u32 round = (index & HOOK_AGAIN_MASK) == HOOK_AGAIN_MARK
			      ? (index - HOOK_AGAIN_MARK) / HOOK_AGAIN_STEP
			      : 0;

	if (round >= rounds) {
		ctx->tc_index = 0;
		return HOOK_PASS;
	}
	ctx->tc_index = HOOK_AGAIN_MARK + (round + 1) * HOOK_AGAIN_STEP;
	return bpf_redirect(ctx->ifindex, BPF_F_INGRESS);
}

lb_inline bool hook_ours(hook_ctx *ctx)
{
	return ctx->pkt_type == PACKET_HOST;
}

lb_inline long hook_route(hook_ctx *ctx, struct bpf_fib_lookup *fib, __u32 flags)
{
	return bpf_fib_lookup(ctx, fib, sizeof(*fib), flags);
}

lb_inline __u32 hook_mtu(hook_ctx *ctx, __u32 ifindex)
{
	__u32 mtu = 0;

	bpf_check_mtu(ctx, ifindex, &mtu, 0, 0);
	return mtu;
}

#include "hook_ask.h"

#endif
