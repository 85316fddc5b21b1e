/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets of open flows that never meet the stack, in front of it: those between a client and a
 * backend of another node, which leave with an address of this one, or in a tunnel. Everything else
 * goes on to tc as it came, and with it the first packet of a flow in each tick: what is written
 * about a flow and its route are kept up there. Of flows that have no entry (lb_untracked.h) all
 * packets leave here, as nothing is written about them. And nothing is counted before it is sure
 * that the packet ends here.
 */
#ifndef LB_FRONT_H
#define LB_FRONT_H

#include "lb_ct_follow.h"
#include "lb_device.h"
#include "lb_filter.h"
#include "lb_nat.h"
#include "lb_neighbour.h"
#include "lb_stats.h"
#include "lb_tunnel_head.h"
#include "lb_untracked.h"

/* The frame is for the device that it came in by, as `mac` has it. */
lb_inline bool lb_front_frame(hook_ctx *ctx, const __u8 *mac)
{
	const __u8 *to = lb_at(ctx, 0, sizeof(struct ethhdr));

	return to && !((to[0] ^ mac[0]) | (to[1] ^ mac[1]) | (to[2] ^ mac[2]) | (to[3] ^ mac[3]) |
		       (to[4] ^ mac[4]) | (to[5] ^ mac[5]));
}

/* The checksum is complete. One that is left to the device only the kernel can finish. */
HOOK_ONCE int lb_front_finished(hook_ctx *ctx, const struct lb_pass *pass)
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
lb_inline bool lb_front_ours(struct lb_pass *pass)
{
	const __u8 way = LB_CT_SNAT | LB_CT_STACK | LB_CT_DIRECT;

	if (!lb_ct_find(pass))
		return false;
	if ((pass->ct.flags & way) != LB_CT_SNAT && !lb_ct_tunnels(pass))
		return false;
	return pass->ct.oif && pass->ct.mtu && pass->pkt.len <= pass->ct.mtu && pass->pkt.ttl > 1 &&
	       !lb_ct_outdated(pass) && !lb_ct_moves(pass, lb_tick_now());
}

lb_inline int lb_front_leave(hook_ctx *ctx, struct lb_pass *pass,
			     const struct lb_neighbour *neighbour)
{
	struct ethhdr *eth;
	__u32 diff;

	if (!lb_nat_addr(ctx, pass, 1, &diff) || !lb_nat_l4(ctx, pass, diff, true))
		return XDP_DROP;
	eth = lb_at(ctx, 0, sizeof(*eth));
	if (!eth)
		return XDP_DROP;
	__builtin_memcpy(eth, neighbour->head, sizeof(neighbour->head));
	lb_count_packet(pass->ct.flags & LB_CT_REPLY ? LB_PKT_REPLY : LB_PKT_TO_REMOTE,
			pass->pkt.len);
	lb_count(LB_PKT_XDP);
	return neighbour->way == LB_FRONT_SEND ? XDP_TX : bpf_redirect(pass->ct.oif, 0);
}

/* In the tunnel between the ends that are in `to`. What cannot have more room goes on as it is. */
lb_inline int lb_front_tunnel(hook_ctx *ctx, struct lb_pass *pass,
			      const struct lb_neighbour *neighbour)
{
	bool v4 = pass->to.family == 4;
	__u32 head = lb_tunnel_head(v4);
	struct lb_tunnel_ends ends;
	struct ethhdr *eth;

	if (hook_encap(ctx, head, 0))
		return XDP_PASS;
	lb_copy16(ends.src, pass->to.src);
	lb_copy16(ends.dst, pass->to.dst);
	pass->pkt.l3 = ETH_HLEN + head;
	if (!lb_hop(ctx, &pass->pkt) || lb_tunnel_write(ctx, pass, &ends, ETH_HLEN))
		return XDP_DROP;
	eth = lb_at(ctx, 0, sizeof(*eth));
	if (!eth)
		return XDP_DROP;
	__builtin_memcpy(eth, neighbour->head, sizeof(neighbour->head));
	eth->h_proto = v4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	if (pass->pkt.flags & LB_PACKET_UNTRACKED) {
		lb_untracked_begun(pass);
		lb_count_packet(LB_PKT_UNTRACKED, pass->pkt.len);
	} else {
		lb_count_packet(LB_PKT_TO_NODE, pass->pkt.len);
	}
	lb_count(LB_PKT_XDP);
	return neighbour->way == LB_FRONT_SEND ? XDP_TX : bpf_redirect(pass->ct.oif, 0);
}

/* What the packet of a flow in a tunnel leaves as: the outer header's ends. */
lb_inline bool lb_front_ends(struct lb_pass *pass)
{
	struct lb_tunnel_ends ends;

	if (!lb_tunnel_ends(&ends, pass->ct.backend_id))
		return false;
	lb_copy16(pass->to.src, ends.src);
	lb_copy16(pass->to.dst, ends.dst);
	pass->to.family = lb_mapped(ends.dst) ? 4 : 6;
	return true;
}

/* Whether the packet is of a flow that has no entry, or none yet. */
lb_inline bool lb_front_untracked(struct lb_pass *pass)
{
	int track;

	if (likely(!lb_untracked_maybe(&pass->pkt)))
		return false;
	track = lb_untracked(pass, false);
	if (track == LB_TRACK_FIRST && !lb_ct_find(pass))
		track = lb_untracked(pass, true);
	return track == LB_TRACK_NOT && pass->pkt.ttl > 1;
}

/* Where it leaves, or NULL: it is for tc. */
lb_inline const struct lb_neighbour *lb_front_to(hook_ctx *ctx, struct lb_pass *pass)
{
	const struct lb_neighbour *neighbour;

	if (!(pass->pkt.flags & LB_PACKET_UNTRACKED))
		return lb_neighbour_of(ctx, pass);
	neighbour = lb_neighbour_tunnel(ctx, pass);
	return neighbour && pass->pkt.len <= pass->ct.mtu ? neighbour : NULL;
}

lb_inline int lb_front(hook_ctx *ctx)
{
	const struct lb_neighbour *neighbour;
	struct lb_pass pass;

	if (lb_parse(ctx, ETH_HLEN, &pass.pkt) != LB_PARSED ||
	    lb_filter_shut(&pass.pkt, LB_CT_INGRESS))
		return XDP_PASS;
	/* A priority tag leaves with the packet here, and not by tc. */
	if (pass.pkt.flags || pass.pkt.tuple.proto == IPPROTO_SCTP || pass.pkt.l3 != ETH_HLEN)
		return XDP_PASS;
	lb_pass_begin(&pass, LB_CT_INGRESS, hook_ifindex(ctx));
	if (!lb_front_untracked(&pass) && !lb_front_ours(&pass))
		return XDP_PASS;
	if (!lb_front_finished(ctx, &pass) || (lb_ct_tunnels(&pass) && !lb_front_ends(&pass)))
		return XDP_PASS;
	neighbour = lb_front_to(ctx, &pass);
	if (!neighbour || !lb_front_frame(ctx, neighbour->mac))
		return XDP_PASS;
	return lb_ct_tunnels(&pass) ? lb_front_tunnel(ctx, &pass, neighbour)
				    : lb_front_leave(ctx, &pass, neighbour);
}

#endif
