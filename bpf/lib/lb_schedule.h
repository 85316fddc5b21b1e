/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which place of a service's list a new connection gets: the schedulers, as IPVS has them
 * (docs/policy.md, "Who gets the connection"). What goes by weights alone (wrr, random, sh, dh)
 * finds them in the list, where a backend has as many slots as its weight says.
 */
#ifndef LB_SCHEDULE_H
#define LB_SCHEDULE_H

#include "lb_hash.h"
#include "lb_load.h"

/* Backends that are all asked for their connections; of more, two are drawn. */
#define LB_LEAST_ALL 128

lb_inline enum lb_scheduler lb_scheduler_of(const struct lb_service *svc)
{
	return svc->flags >> LB_SCHEDULER_SHIFT;
}

lb_inline bool lb_schedules_least(enum lb_scheduler scheduler)
{
	return (1U << LB_SCHEDULER_LC | 1U << LB_SCHEDULER_WLC | 1U << LB_SCHEDULER_SED |
		1U << LB_SCHEDULER_NQ) >>
		       (scheduler & 31) &
	       1;
}

/* The same on every node, as nothing of this node is in it. */
lb_inline __u32 lb_hash16(const __be32 *addr, __u32 salt)
{
	__u64 high = (__u64)addr[0] << 32 | addr[1];
	__u64 low = (__u64)addr[2] << 32 | addr[3];

	return lb_mix(high * 0x9e3779b97f4a7c15ULL ^ low, salt);
}

/* Spread over `count` places without a division. */
lb_inline __u32 lb_place_of(__u32 dice, __u32 count)
{
	return (__u32)(((__u64)dice * count) >> 32);
}

/* The next place in turn; all CPUs take turns, each list has its own. */
lb_inline __u32 lb_turn(__u32 service_id, bool local, __u32 count)
{
	struct lb_turn *turn = bpf_map_lookup_elem(&lb_turns, &service_id);

	if (!turn || !count)
		return 0;
	return __sync_fetch_and_add(local ? &turn->local : &turn->cluster, 1) % count;
}

/* All bits, or none where x is not negative: no branch, from which the verifier would pass every
 * way. */
lb_inline __u32 lb_negative(__u32 x)
{
	lb_pin(x);
	x = (__s32)x >> 31;
	lb_pin(x);
	return x;
}

/* All bits, or none where x is 0. */
lb_inline __u32 lb_any(__u32 x)
{
	return lb_negative(x | -x);
}

/*
 * The place whose backend has the fewest connections for its weight (lc: whatever that is); of
 * equal ones the first behind the place that the dice say, so that nodes which all see none do not
 * all choose the same. Overheads are compared as products, as IPVS does.
 *
 * Neither what was found so far nor the way round the end of the list has a branch: the verifier
 * passes each of the loop's ways in each of its rounds.
 */
lb_once __u32 lb_least(__u32 first, __u32 count, __u32 scheduler, __u32 dice)
{
	__u32 best = lb_place_of(dice, count), place = best, step = 1, tries = count;
	__u32 best_load = 1, best_weight = 0;
	/* sed and nq also count the connection that begins. */
	__u32 one = ~lb_any((scheduler ^ LB_SCHEDULER_SED) * (scheduler ^ LB_SCHEDULER_NQ)) & 1;
	/* None has fewer; but to sed weights matter then, too. No count gets as high as that. */
	__u32 none = ~lb_any(scheduler ^ LB_SCHEDULER_SED);

	if (count > LB_LEAST_ALL) {
		step = 1 + lb_place_of(lb_mix(dice, 1), count - 1);
		tries = 2;
	}
	/* So that the loop keeps the end that the verifier knows of. */
	lb_pin(tries);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < LB_LEAST_ALL && i < tries; i++) {
		const struct lb_slot *slot;
		const struct lb_load *load;
		__u32 key = first + place, active, weight = 1, less;

		slot = bpf_map_lookup_elem(&lb_slots, &key);
		if (!slot)
			break;
		key = READ_ONCE(slot->backend_id);
		load = lb_load_get(key);
		if (!load)
			break;
		active = READ_ONCE(load->active);
		if (active == none)
			return place;
		if (scheduler != LB_SCHEDULER_LC) {
			const struct lb_backend *backend = lb_backend_get(key);

			if (!backend)
				break;
			weight = READ_ONCE(backend->weight);
		}
		active += one;
		less = lb_negative(((__u64)active * best_weight - (__u64)best_load * weight) >> 32);
		best ^= (best ^ place) & less;
		best_load ^= (best_load ^ active) & less;
		best_weight ^= (best_weight ^ weight) & less;
		place += step;
		place -= count & ~lb_negative(place - count);
	}
	return best;
}

/* `dice`: of the client, or of the packet, where the scheduler goes by one of them. */
lb_inline __u32 lb_place(const struct lb_service *svc, const struct lb_range *range, bool local,
			 __u32 dice)
{
	enum lb_scheduler scheduler = lb_scheduler_of(svc);

	if (likely(!scheduler))
		return lb_place_of(dice, range->count);
	if (scheduler == LB_SCHEDULER_RR || scheduler == LB_SCHEDULER_WRR)
		return lb_turn(svc->id, local, range->count);
	if (lb_schedules_least(scheduler))
		return lb_least(range->first, range->count, scheduler, dice);
	return lb_place_of(dice, range->count);
}

/* The backend at a place of the list. NULL: the range is not the service's any more. */
lb_inline const struct lb_backend *
lb_backend_at(const struct lb_service *svc, const struct lb_range *range, __u32 place, __u32 *id)
{
	const struct lb_backend *backend;
	const struct lb_slot *slot;
	__u32 index;

	if (unlikely(lb_scheduler_of(svc) == LB_SCHEDULER_MAGLEV)) {
		const struct lb_maglev_row *row;

		index = range->first + place / LB_MAGLEV_ROW;
		row = bpf_map_lookup_elem(&lb_maglev, &index);
		if (!row)
			return NULL;
		*id = READ_ONCE(row->backend_ids[place % LB_MAGLEV_ROW]);
		/* A table says nothing of whose it is; its backends do. */
		backend = lb_backend_get(*id);
		return backend && READ_ONCE(backend->service_id) == svc->id ? backend : NULL;
	}
	index = range->first + place;
	slot = bpf_map_lookup_elem(&lb_slots, &index);
	if (!slot || READ_ONCE(slot->service_id) != svc->id)
		return NULL;
	*id = READ_ONCE(slot->backend_id);
	return lb_backend_get(*id);
}

#endif
