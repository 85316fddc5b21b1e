/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* New flows: their entries, after lb_choose() has said where to. */
#ifndef LB_OPEN_H
#define LB_OPEN_H

#include "lb_choose.h"
#include "lb_filter.h"
#include "lb_open_snat.h"
#include "lb_fib_tunnel.h"
#include "lb_trace_flow.h"

/* The reply entry of a flow that keeps its client's address. -EEXIST: another flow's replies look
 * the same, that is the same client port towards another frontend with this backend. */
lb_inline long lb_open_reply(const struct lb_pass *pass, bool *mine)
{
	long rc = lb_ct_put_other(pass);
	struct lb_ct_key6 key;
	struct lb_ct_state *state;
	bool ours;

	*mine = !rc;
	if (rc != -EEXIST)
		return rc;
	/* Our own, whose request entry was lost, or which another CPU has just made. */
	state = lb_ct_state(pass, true, &ours);
	if (state && ours) {
		state->service_id = (state->service_id & ~LB_CT_ID) | pass->ct.service_id;
		state->backend_id = (state->backend_id & ~LB_CT_ID) | pass->ct.backend_id;
		state->oif = pass->ifindex;
		state->phase = LB_CT_NEW;
		state->mtu = 0;
		state->flags = LB_CT_REPLY | (pass->ct.flags & LB_CT_AFFINITY);
		return 0;
	}
	lb_ct_key6_turned(&key, &pass->to, LB_CT_EGRESS);
	if (!lb_ct_remove(&key, lb_ct_done(pass->pkt.tuple.proto)))
		return rc;
	rc = lb_ct_put_other(pass);
	*mine = !rc;
	return rc;
}

/* -EEXIST: see lb_open_reply(). */
lb_once long lb_open_stack(const struct lb_pass *pass, bool *mine)
{
	long rc;

	if (!pass || !mine)
		return -EINVAL;
	rc = lb_open_reply(pass, mine);
	if (rc && rc != -EEXIST && lb_ct_make_room())
		rc = lb_open_reply(pass, mine);
	return rc;
}

/* The entry of the request. */
lb_inline long lb_open_request(const struct lb_pass *pass)
{
	long rc = lb_ct_put(pass);

	if (rc && rc != -EEXIST && lb_ct_make_room())
		rc = lb_ct_put(pass);
	return rc;
}

/* What a new flow leaves behind beside its entries. */
lb_inline void lb_opened(const struct lb_pass *pass)
{
	lb_filter_open(pass);
	lb_ct_pend(pass);
	lb_begun(pass->ct.service_id, pass->ct.backend_id);
	lb_count_packet(LB_PKT_NEW, pass->pkt.len);
	lb_trace_flow(pass, LB_TRACE_OPENED, HOOK_TRACED);
}

/*
 * Makes the two entries of the flow that lb_choose() decided on. The reply's comes first: it claims
 * what the flow needs. LB_REASON_NONE: done; the pass says how the packet leaves.
 */
HOOK_ONCE enum lb_reason lb_open(hook_ctx *ctx, struct lb_pass *pass)
{
	enum lb_reason reason = LB_REASON_NONE;
	bool mine = true;
	long rc;

	if (!pass)
		return LB_DROP_RACE;
	if (pass->ct.flags & LB_CT_SNAT)
		reason = lb_open_snat(ctx, pass);
	if (!reason && pass->ct.flags & LB_CT_STACK) {
		rc = lb_open_stack(pass, &mine);
		/* Their replies would look the same: this flow gets another client port, and keeps
		 * its client's address. */
		if (rc == -EEXIST) {
			mine = true;
			rc = lb_snat_claim(pass, 0);
		}
		if (rc)
			reason = rc == -EEXIST ? LB_DROP_SNAT_PORTS : LB_DROP_CT_FULL;
	}
	if (reason)
		return reason;

	rc = lb_open_request(pass);
	if (unlikely(rc)) {
		if (mine)
			lb_ct_delete(pass, true);
		if (rc != -EEXIST)
			return LB_DROP_CT_FULL;
		lb_count(LB_CT_RACE);
		if (!lb_ct_find(pass))
			return LB_DROP_RACE;
		/* The CPU that was first may have counted on the reply's entry that is gone now. */
		lb_ct_put_other(pass);
		return LB_REASON_NONE;
	}
	lb_opened(pass);
	return LB_REASON_NONE;
}

/* The same of a flow whose packets go in a tunnel: it has no reply that would come by. */
HOOK_ONCE enum lb_reason lb_open_tunnel(hook_ctx *ctx, struct lb_pass *pass)
{
	long rc;

	if (!pass)
		return LB_DROP_RACE;
	if (!lb_fib_tunnel(ctx, pass))
		return LB_DROP_NO_ROUTE;
	rc = lb_open_request(pass);
	if (rc && rc != -EEXIST)
		return LB_DROP_CT_FULL;
	if (rc) {
		lb_count(LB_CT_RACE);
		return lb_ct_find(pass) ? LB_REASON_NONE : LB_DROP_RACE;
	}
	lb_opened(pass);
	return LB_REASON_NONE;
}

#endif
