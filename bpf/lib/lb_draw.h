/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a packet's new flow draws its place with. */
#ifndef LB_DRAW_H
#define LB_DRAW_H

#include "lb_packet.h"
#include "lb_select.h"

/* The same for each packet of a flow, on every node. */
lb_inline __u32 lb_hash_tuple(const struct lb_tuple *at)
{
	return lb_mix((__u64)lb_hash16(at->src, lb_ct_ports(at->sport, at->dport)) << 32 |
			      lb_hash16(at->dst, 0),
		      at->proto);
}

/* What a new flow's place is drawn by. */
lb_inline __u32 lb_packet_dice(const struct lb_service *svc, const struct lb_tuple *at)
{
	switch (lb_scheduler_of(svc)) {
	case LB_SCHEDULER_SH:
		return lb_hash16(at->src, 0);
	case LB_SCHEDULER_DH:
		return lb_hash16(at->dst, 0);
	case LB_SCHEDULER_MAGLEV:
		if (svc->flags & LB_SERVICE_AFFINITY)
			return lb_hash16(at->src, 0);
		return lb_hash_tuple(at);
	default:
		return bpf_get_prandom_u32();
	}
}

/*
 * Of what came in a tunnel: the other node has chosen this one, and of its backends one is taken by
 * what the packet says alone, so that a flow whose first packet was missed, or that is forgotten,
 * finds the same one again. With Maglev that is the very one that the other node chose, if their
 * tables are alike: its flow then goes by the place of one backend, on all nodes. Where this node
 * has none any more, all of the cluster's are left.
 */
lb_inline void lb_choose_here(const struct lb_tuple *at, struct lb_service *svc, __u32 *dice)
{
	const struct lb_backend *chosen;
	__u32 id;

	if (!(svc->flags & LB_SERVICE_EXTERNAL) || !svc->local.count)
		return;
	svc->flags |= LB_SERVICE_LOCAL;
	if (lb_scheduler_of(svc) == LB_SCHEDULER_MAGLEV) {
		chosen = lb_backend_at(svc, &svc->cluster, lb_place_of(*dice, svc->cluster.count),
				       &id);
		if (chosen && chosen->flags & LB_BACKEND_LOCAL)
			svc->local = svc->cluster;
		return;
	}
	svc->flags &= (1U << LB_SCHEDULER_SHIFT) - 1;
	*dice = lb_hash_tuple(at);
}

#endif
