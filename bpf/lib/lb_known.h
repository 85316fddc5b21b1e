/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A packet of a flow: what it changes about the flow, and the route once a tick. */
#ifndef LB_KNOWN_H
#define LB_KNOWN_H

#include "lb_ct_follow.h"
#include "lb_fib.h"
#include "lb_fib_tunnel.h"
#include "lb_guard.h"
#include "lb_node.h"

/* A TCP segment with more than its header. */
lb_inline bool lb_has_data(hook_ctx *ctx, const struct lb_packet *pkt)
{
	__u8 words = 0;

	return !hook_read(ctx, pkt->l4 + LB_TCP_WORDS, &words, 1) &&
	       (__u32)pkt->l4 - pkt->l3 + (words >> 4 << 2) < pkt->len;
}

/*
 * Whether the backend answers an address that the node has no more, as after a new lease, and what
 * leaves by ct.oif has another one: what begins anew gets that. A connection has time to find its
 * address back; when its client has been writing for seconds and heard nothing, the backend is to
 * tell it that all is over.
 */
lb_inline bool lb_ct_homeless(const struct lb_pass *pass)
{
	const struct lb_device *device;

	if ((pass->ct.flags & (LB_CT_SNAT | LB_CT_REPLY)) != LB_CT_SNAT ||
	    likely(lb_of_node(&pass->to, true)))
		return false;
	device = lb_device_get(pass->ct.oif);
	if (!device || !lb_device_masks(device, pass->to.family))
		return false;
	return pass->pkt.tuple.proto == IPPROTO_UDP || pass->ct.flags & LB_CT_UNACKED ||
	       (pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) == LB_TCP_SYN;
}

/* (c) Once a second and when something changes: both entries, the route. False: the packet's flow
 * is another one now. */
HOOK_ONCE int lb_refresh(hook_ctx *ctx, struct lb_pass *pass, __u32 now)
{
	struct lb_ct_state *state;
	bool ticked, ours;
	__u8 before;

	if (!pass)
		return false;
	ticked = pass->ct.tick != now;
	before = pass->ct.phase;
	if (pass->pkt.tuple.proto == IPPROTO_TCP) {
		if (pass->pkt.tcp_flags & LB_TCP_FIN &&
		    ((pass->ct.flags & (LB_CT_SNAT | LB_CT_REPLY)) == LB_CT_SNAT ||
		     lb_ct_moved(pass)) &&
		    !lb_guard_read(ctx, pass))
			lb_guard_note(pass);
		if (ticked && lb_has_data(ctx, &pass->pkt))
			pass->pkt.flags |= LB_PACKET_DATA;
	}
	if (!lb_ct_follow(pass, now))
		return false;
	if (lb_ct_pends(pass, before, ticked))
		lb_ct_pend(pass);
	if (pass->ct.flags & LB_CT_REPLY) {
		if (!ticked && pass->ct.mtu)
			return true;
		if (pass->hook == LB_CT_EGRESS) {
			if (!pass->ct.oif || pass->ct.oif == pass->ifindex)
				return true;
			/* No way back where it came from: the stack's choice stands. */
			if (!lb_fib_back(ctx, pass))
				pass->ct.oif = 0;
		} else if (!pass->ct.oif || !lb_fib_back(ctx, pass)) {
			lb_fib_forward(ctx, pass);
		}
	} else {
		if (pass->ct.flags & LB_CT_STACK || !ticked)
			return true;
		if (!(lb_ct_tunnels(pass) ? lb_fib_tunnel(ctx, pass) : lb_fib_forward(ctx, pass))) {
			pass->ct.oif = 0;
		} else if (unlikely(lb_ct_homeless(pass))) {
			lb_ct_forget(pass);
			return false;
		}
	}
	state = lb_ct_state(pass, false, &ours);
	if (state) {
		state->oif = pass->ct.oif;
		state->mtu = pass->ct.mtu;
	}
	return true;
}

/* (c) */
lb_inline bool lb_known(hook_ctx *ctx, struct lb_pass *pass)
{
	__u32 now;

	if (!lb_ct_find(pass))
		return false;
	if (unlikely(pass->pkt.flags & LB_PACKET_ICMP_ERROR))
		return true;
	if (unlikely(lb_ct_outdated(pass))) {
		lb_ct_forget(pass);
		return false;
	}
	now = lb_ct_now();
	return likely(!lb_ct_moves(pass, now)) || lb_refresh(ctx, pass, now);
}

#endif
