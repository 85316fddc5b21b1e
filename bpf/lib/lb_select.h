/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The decision of every hook: destination and client in, backend out. Sees no context. */
#ifndef LB_SELECT_H
#define LB_SELECT_H

#include "lb_affinity.h"
#include "lb_schedule.h"
#include "lb_service.h"
#include "lb_src_range.h"
#include "lb_stats.h"

/* Lookups before giving up on a service that changes under our eyes; each loss needs an update
 * within nanoseconds. Each try triples what verifiers before 6.9 look at (lb_sendmsg6 on 6.1:
 * 228,000 instructions with two, 709,000 with four, and 1,000,000 are the limit). */
#define LB_SELECT_TRIES 2

enum lb_verdict {
	LB_PASS,    /* not a frontend of ours */
	LB_FORWARD, /* to lb_pick.backend */
	LB_REFUSE,  /* a frontend without any usable backend */
	LB_DROP,    /* lb_pick.reason says why */
};

/* docs/contract.md 5.2: the rules of traffic policies know three kinds of source. */
enum lb_source {
	LB_FROM_POD,	 /* by the detector */
	LB_FROM_NODE,	 /* an address of this node */
	LB_FROM_OUTSIDE, /* anything else; without a detector, pods too */
};

/* For what a backend is chosen. Known when the program is compiled, so that it has no stack and no
 * instructions for what only the others do. */
enum lb_asks {
	LB_ASKS_PACKET,
	LB_ASKS_CONNECT,
	LB_ASKS_SENDMSG, /* of an unconnected socket: by the dice, whatever the scheduler, as the
			    place must not change from one datagram to the next */
};

/* Who asks, and what it got before. Filled in only when there is a service to ask about. */
struct lb_client {
	enum lb_source source;
	struct lb_aff_key affinity; /* kind and client[]; service_id is scratch */
	__u64 netns; /* with LB_CLIENT_ADDR: under which cookie it may be remembered too; or 0 */
	const struct lb_sock *flow; /* last flow, kept while its backend is live; or NULL */
	__u32 dice;
	bool located;	/* of a socket: its address is known */
	__be32 addr[4]; /* which source ranges are asked about; `affinity` has it only if it is the
			   namespace's own */
};

struct lb_pick {
	const struct lb_backend *backend;
	__u32 backend_id;
	__u32 service_id;
	__u32 flags; /* lb_service.flags of the service that was found */
	enum lb_reason
		reason; /* with LB_DROP; LB_DROP_RACE with LB_REFUSE: there may be a backend */
};

/* The list in force: Local policy short-circuits to the Cluster list for external frontends asked
 * by a pod or by the node (docs/contract.md 5.2). */
lb_inline bool lb_select_local(const struct lb_service *svc, enum lb_source source)
{
	if (likely(!(svc->flags & LB_SERVICE_LOCAL)))
		return false;
	return !(svc->flags & LB_SERVICE_EXTERNAL) || source == LB_FROM_OUTSIDE;
}

/* By the list alone. */
lb_inline const struct lb_backend *lb_select_new(const struct lb_service *svc,
						 const struct lb_range *range, bool local,
						 enum lb_asks asks, __u32 dice, __u32 *id)
{
	__u32 place = asks == LB_ASKS_SENDMSG ? lb_place_of(dice, range->count)
					      : lb_place(svc, range, local, dice);

	return lb_backend_at(svc, range, place, id);
}

/*
 * By the client of a packet that is not remembered yet. By its hash, whatever the scheduler: all
 * connections that it begins at once meet the same backend, until one has shown that it is there.
 */
lb_inline const struct lb_backend *lb_select_client(const struct lb_service *svc,
						    const struct lb_range *range,
						    const struct lb_client *client, __u32 *id)
{
	__u32 dice = lb_scheduler_of(svc) == LB_SCHEDULER_MAGLEV
			     ? client->dice
			     : lb_affinity_dice(&client->affinity, svc->affinity_sec);

	return lb_backend_at(svc, range, lb_place_of(dice, range->count), id);
}

/* The backend among those of `svc`; NULL: its range is not its own any more. */
lb_inline const struct lb_backend *
lb_select_backend(const struct lb_addr *dst, const struct lb_service *svc,
		  const struct lb_range *range, enum lb_backend_flag list, struct lb_client *client,
		  enum lb_asks asks, __u32 *id)
{
	bool packet = asks == LB_ASKS_PACKET;
	bool local = list == LB_BACKEND_IN_LOCAL;
	const struct lb_backend *backend;

	if (!packet && client->flow && lb_addr_same(&client->flow->frontend, dst)) {
		*id = client->flow->backend_id;
		backend = lb_backend_recall(*id, svc->id, list | LB_BACKEND_KEEPS);
		if (backend)
			return backend;
	}

	if (!(svc->flags & LB_SERVICE_AFFINITY))
		return lb_select_new(svc, range, local, asks, client->dice, id);

	client->affinity.service_id = svc->id;
	backend = lb_affinity_recall(&client->affinity, svc->affinity_sec, list, !packet, id);
	if (likely(backend)) {
		lb_count(LB_SOCK_AFFINITY_HIT);
		return backend;
	}
	if (packet)
		return lb_select_client(svc, range, client, id);
	if (client->netns)
		backend = lb_affinity_before(client->netns, svc, list, id);
	if (!backend)
		backend = lb_select_new(svc, range, local, asks, client->dice, id);
	if (backend)
		lb_affinity_remember(&client->affinity, *id);
	return backend;
}

/*
 * Chooses among the backends of `svc`, which was just found by `key` for a packet or connection to
 * `dst`; looks it up again where it changed under our eyes. Kept apart from the first lookup: what
 * is no service of ours must cost that lookup and nothing else.
 */
lb_inline enum lb_verdict lb_select(const struct lb_addr *dst, const struct lb_addr *key,
				    enum lb_lookup lookup, struct lb_service *svc,
				    struct lb_client *client, enum lb_asks asks,
				    struct lb_pick *pick)
{
	bool packet = asks == LB_ASKS_PACKET;

	pick->service_id = 0;
#pragma clang loop unroll(disable)
	for (int try = 0; try < LB_SELECT_TRIES; try++) {
		if (try)
			lookup = lb_service_find(key, svc);
		if (lookup == LB_LOOKUP_NONE)
			return LB_PASS;
		if (likely(lookup == LB_LOOKUP_FOUND)) {
			bool local = lb_select_local(svc, client->source);
			const struct lb_range range = local ? svc->local : svc->cluster;

			pick->service_id = svc->id;
			pick->flags = svc->flags;
			if (unlikely(svc->flags & LB_SERVICE_RANGES)) {
				/* A socket whose address is not known: the packet decides. */
				if (!packet && !client->located)
					return LB_PASS;
				pick->reason = LB_DROP_RANGE;
				if (!lb_src_allowed(svc->id, packet ? client->affinity.client
								    : client->addr))
					return LB_DROP;
			}
			pick->reason = LB_DROP_NO_LOCAL;
			if (!range.count || unlikely(!local && svc->flags & LB_SERVICE_EMPTY))
				return local && (svc->flags & LB_SERVICE_REMOTE) ? LB_DROP
										 : LB_REFUSE;
			pick->backend = lb_select_backend(dst, svc, &range,
							  local ? LB_BACKEND_IN_LOCAL
								: LB_BACKEND_IN_CLUSTER,
							  client, asks, &pick->backend_id);
			if (likely(pick->backend))
				return LB_FORWARD;
		}
		lb_count(LB_SOCK_RACE);
	}
	lb_count(LB_SOCK_RACE_LOST);
	pick->reason = LB_DROP_RACE;
	return LB_REFUSE;
}

#endif
