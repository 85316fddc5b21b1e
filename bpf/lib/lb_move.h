/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections of the node itself, and those that netfilter masquerades, from a source port that a
 * flow of ours has towards the same backend: netfilter and sockets do not know what is in our
 * table. To the backend the two would be one, so the connection that begins gets another port, by a
 * flow of its own. It has no service, and is turned round: what the backend sends are its requests,
 * which go on through the stack, and what leaves are its replies.
 *
 *   request  B -> S:p'  comes in  becomes  B -> S:p
 *   reply    S:p -> B   leaves    becomes  S:p' -> B
 */
#ifndef LB_MOVE_H
#define LB_MOVE_H

#include "lb_filter.h"
#include "lb_open_snat.h"

/* Whether a flow has the packet's port; leaves the pass as the packet's own flow begins. */
lb_once int lb_move_wanted(struct lb_pass *pass)
{
	bool ours;

	if (!pass)
		return false;
	pass->to = pass->pkt.tuple;
	pass->ct.flags = LB_CT_REPLY;
	if (likely(!lb_ct_state(pass, true, &ours)))
		return false;
	pass->ct.service_id = 0;
	pass->ct.backend_id = 0;
	pass->ct.oif = pass->ifindex;
	pass->ct.mtu = 0;
	pass->ct.tick = lb_ct_now();
	/* No request comes before the answer: what is neither's SYN opens it. */
	pass->ct.phase = LB_CT_ANSWERED;
	return true;
}

/* After lb_filter_moves(). True: the packet has such a flow now. */
HOOK_ONCE int lb_move(hook_ctx *ctx, struct lb_pass *pass)
{
	if (!pass || likely(!lb_move_wanted(pass)))
		return false;
	lb_guard_read(ctx, pass);
	if (lb_open_port(ctx, pass))
		return false;
	if (lb_ct_put(pass)) {
		lb_ct_delete(pass, true);
		return false;
	}
	lb_filter_open(pass);
	lb_ct_pend(pass);
	lb_count(LB_CT_PORT_MOVED);
	return true;
}

#endif
