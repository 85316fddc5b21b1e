/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets of open flows that never meet the stack, in front of it: those between a client and a
 * backend of another node, which leave with an address of this one. Everything else goes on to tc
 * as it came, and with it the first packet of a flow in each tick: what is written about a flow,
 * its route and its neighbour are kept up there. So nothing is counted or written here before it
 * is sure that the packet ends here.
 */
#ifndef LB_FRONT_H
#define LB_FRONT_H

#include "lb_ct_follow.h"
#include "lb_device.h"
#include "lb_filter.h"
#include "lb_nat.h"
#include "lb_neighbour.h"
#include "lb_stats.h"

enum lb_xdp_way {
	LB_XDP_NONE, /* for tc */
	LB_XDP_SEND, /* out by where it came in, by the driver itself */
	LB_XDP_REDIRECT,
};

/* How the packet may leave: if the frame is for the device, and the way out takes frames. */
lb_inline enum lb_xdp_way lb_xdp_way(hook_ctx *ctx, const struct lb_pass *pass)
{
	const struct lb_device *in = lb_device_get(pass->ifindex), *out;
	const struct ethhdr *eth = lb_at(ctx, 0, sizeof(*eth));

	if (!in || !eth)
		return LB_XDP_NONE;
	if ((eth->h_dest[0] ^ in->mac[0]) | (eth->h_dest[1] ^ in->mac[1]) |
	    (eth->h_dest[2] ^ in->mac[2]) | (eth->h_dest[3] ^ in->mac[3]) |
	    (eth->h_dest[4] ^ in->mac[4]) | (eth->h_dest[5] ^ in->mac[5]))
		return LB_XDP_NONE;
	if (pass->ct.oif == pass->ifindex && in->flags & LB_DEVICE_XDP_SEND)
		return LB_XDP_SEND;
	if (cfg_xdp_generic)
		return LB_XDP_REDIRECT;
	out = lb_device_get(pass->ct.oif);
	return out && out->flags & LB_DEVICE_XDP ? LB_XDP_REDIRECT : LB_XDP_NONE;
}

/* As the packet lies in front of us: what tc would ask the kernel for, it is to ask. */
HOOK_ONCE int lb_xdp_finished(hook_ctx *ctx, const struct lb_pass *pass)
{
	const __be16 *l4;

	if (!pass)
		return false;
	if (pass->pkt.tuple.proto == IPPROTO_UDP) {
		l4 = lb_at(ctx, pass->pkt.l4, 8);
		return l4 && !(l4[LB_UDP_CSUM_OFF / 2] &&
			       lb_csum_unfinished(ctx, &pass->pkt, l4[LB_UDP_CSUM_OFF / 2]));
	}
	l4 = lb_at(ctx, pass->pkt.l4, 20);
	return l4 && !lb_csum_unfinished(ctx, &pass->pkt, l4[LB_TCP_CSUM_OFF / 2]);
}

/* Whether the packet is of an open flow that needs nothing but to be translated and sent. */
lb_inline bool lb_xdp_ours(hook_ctx *ctx, struct lb_pass *pass)
{
	const __u8 way = LB_CT_SNAT | LB_CT_STACK | LB_CT_DIRECT;

	/* A priority tag leaves with the packet here, and not by tc. */
	if (pass->pkt.flags || pass->pkt.tuple.proto == IPPROTO_SCTP || pass->pkt.l3 != ETH_HLEN)
		return false;
	if (!lb_ct_find(pass))
		return false;
	return (pass->ct.flags & way) == LB_CT_SNAT && pass->ct.oif && pass->ct.mtu &&
	       pass->pkt.len <= pass->ct.mtu && pass->pkt.ttl > 1 && !lb_ct_outdated(pass) &&
	       !lb_ct_moves(pass, lb_tick_now());
}

lb_inline int lb_xdp_leave(hook_ctx *ctx, struct lb_pass *pass,
			   const struct lb_neighbour *neighbour, enum lb_xdp_way way)
{
	struct ethhdr *eth;
	__u32 diff;

	if (!lb_nat_addr(ctx, pass, 1, &diff) || !lb_nat_l4(ctx, pass, diff))
		return XDP_DROP;
	eth = lb_at(ctx, 0, sizeof(*eth));
	if (!eth)
		return XDP_DROP;
	__builtin_memcpy(eth, neighbour->head, sizeof(neighbour->head));
	lb_count_packet(pass->ct.flags & LB_CT_REPLY ? LB_PKT_REPLY : LB_PKT_TO_REMOTE,
			pass->pkt.len);
	lb_count(LB_PKT_XDP);
	return way == LB_XDP_SEND ? XDP_TX : bpf_redirect(pass->ct.oif, 0);
}

lb_inline int lb_front(hook_ctx *ctx)
{
	const struct lb_neighbour *neighbour;
	enum lb_xdp_way way;
	struct lb_pass pass;

	if (lb_parse(ctx, ETH_HLEN, &pass.pkt) != LB_PARSED ||
	    lb_filter_shut(&pass.pkt, LB_CT_INGRESS))
		return XDP_PASS;
	__builtin_memset(&pass.to, 0, sizeof(pass.to));
	__builtin_memset(&pass.ct, 0, sizeof(pass.ct));
	pass.reason = LB_PKT_PASSED;
	pass.guard_kind = LB_GUARD_NONE;
	pass.clock = 0;
	pass.hook = LB_CT_INGRESS;
	pass.ifindex = hook_ifindex(ctx);
	if (!lb_xdp_ours(ctx, &pass) || !lb_xdp_finished(ctx, &pass))
		return XDP_PASS;
	way = lb_xdp_way(ctx, &pass);
	if (!way)
		return XDP_PASS;
	neighbour = lb_neighbour_of(ctx, &pass);
	return neighbour ? lb_xdp_leave(ctx, &pass, neighbour, way) : XDP_PASS;
}

#endif
