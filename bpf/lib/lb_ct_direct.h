/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A flow that is over because its client asks the backend itself. */
#ifndef LB_CT_DIRECT_H
#define LB_CT_DIRECT_H

#include "lb_conntrack.h"

/*
 * A packet to no frontend can end a flow only in these: anybody can send one with another's source.
 */
#define LB_CT_DIRECT_ENDS (LB_CT_HALF_OPEN | 1 << LB_CT_CLOSED)

/*
 * A connection that is none of ours begins, or a datagram is none of ours, and the replies would
 * look like those of a flow of ours: the client has used the port for a frontend before, and now
 * asks the backend itself. A flow that is not established is over, or its answers would be given
 * the frontend's address. An established TCP flow, and one with a FIN or RST that may be a forgery,
 * waits for the backend's word: one that still has the connection answers no SYN with SYN+ACK (see
 * lb_ct_outdated()).
 */
lb_once int lb_ct_direct(struct lb_pass *pass)
{
	struct lb_ct_state *state;
	struct lb_ct_key6 key;
	bool ours;

	if (!pass)
		return false;
	lb_ct_key6_turned(&key, &pass->pkt.tuple, LB_CT_EGRESS);
	if (lb_ct_remove(&key, LB_CT_DIRECT_ENDS) || pass->pkt.tuple.proto != IPPROTO_TCP)
		return true;
	pass->to = pass->pkt.tuple;
	state = lb_ct_state(pass, true, &ours);
	if (state && (state->phase == LB_CT_OPEN || state->phase == LB_CT_CLOSING ||
		      state->phase == LB_CT_RESET))
		state->mtu = LB_CT_CONTESTED;
	return false;
}

#endif
