/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Into the tunnel at tc, and out by the device that leads to the backend's node. */
#ifndef LB_TUNNEL_SEND_H
#define LB_TUNNEL_SEND_H

#include "lb_fib_tunnel.h"
#include "lb_tunnel_head.h"
#include "lb_untracked.h"

/* A packet whose flow needs no entry: as lb_untracked(), with its route. */
lb_once int lb_stateless(hook_ctx *ctx, struct lb_pass *pass, bool missed)
{
	int track;

	if (!pass)
		return LB_TRACK;
	track = lb_untracked(pass, missed);
	if (track != LB_TRACK_NOT)
		return track;
	if (!lb_fib_tunnel(ctx, pass))
		pass->ct.oif = 0;
	lb_untracked_begun(pass);
	return track;
}

/*
 * Puts the packet, with one hop less, into the tunnel of its flow and sends it. A verdict;
 * HOOK_DROP: it cannot be changed, or has no way. The kernel makes the segments of a GSO packet
 * shorter by the headers.
 */
HOOK_ONCE int lb_tunnel_send(hook_ctx *ctx, struct lb_pass *pass)
{
	struct lb_tunnel_ends ends;
	struct bpf_redir_neigh to = {};
	__be16 ether;
	__u64 room;
	__u32 link;
	bool v4;

	if (!pass || !lb_tunnel_ends(&ends, pass) || !lb_hop(ctx, &pass->pkt))
		return HOOK_DROP;
	/* A priority tag is given up, as for all that is sent. */
	if (pass->pkt.l3 > ETH_HLEN && hook_untag(ctx))
		return HOOK_DROP;
	link = pass->pkt.l3 ? ETH_HLEN : 0;
	v4 = lb_mapped(ends.dst);
	room = v4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;
	if (cfg_tunnel == LB_TUNNEL_GENEVE)
		room |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	/* Datagrams of UDP GSO must keep their size. */
	if (pass->pkt.tuple.proto == IPPROTO_UDP)
		room |= BPF_F_ADJ_ROOM_FIXED_GSO;
	if (hook_encap(ctx, lb_tunnel_head(v4), room))
		return HOOK_DROP;
	ether = v4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	if (link && hook_write(ctx, link - sizeof(ether), &ether, sizeof(ether)))
		return HOOK_DROP;
	if (lb_tunnel_write(ctx, pass, &ends, link))
		return HOOK_DROP;
	lb_fib_tunnel_router(ctx, pass, &ends, &to);
	return hook_forward(ctx, pass->ct.oif, link, &to);
}

#endif
