/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Flows: two entries each, request and reply. An entry's key is the packet as it comes to a hook,
 * its value the packet as it leaves; so either entry says all of the other. Functions are kept
 * apart (lb_once) where they are rare: the verifier's and the stack's limits are shared by all.
 */
#ifndef LB_CONNTRACK_H
#define LB_CONNTRACK_H

#include "lb_backend.h"
#include "lb_ct_entry.h"
#include "lb_load.h"
#include "lb_settings.h"
#include "lb_tick.h"

/* Flows looked at before a full table is called full. */
#define LB_CT_ROOM_TRIES 32

lb_inline __u32 lb_ct_now(void)
{
	return lb_tick_now();
}

/* The flow of this entry ended. `addr_fold` and `port`: of its backend, which is where a request
 * goes to and where a reply comes from. */
lb_inline void lb_ct_closed(const struct lb_ct_state *state, __u32 addr_fold, __be16 port)
{
	lb_ended(state->service_id & LB_CT_ID, state->backend_id & LB_CT_ID, addr_fold, port);
}

lb_inline bool lb_key_same(const struct lb_ct_key6 *a, const struct lb_ct_key6 *b)
{
	return a->sport == b->sport && a->dport == b->dport && a->proto == b->proto &&
	       lb_same16(a->src, b->src) && lb_same16(a->dst, b->dst);
}

lb_inline bool lb_key_is4(const struct lb_ct_key6 *key)
{
	return key->src[0] == 0 && key->src[1] == 0 && key->src[2] == LB_MAPPED_PREFIX;
}

/* With `phases`: only if no packet came since this tick. */
#define LB_CT_UNTOUCHED		    0x100
#define LB_CT_UNTOUCHED_SINCE(tick) (LB_CT_UNTOUCHED | (__u32)(__u16)(tick) << 16)

lb_inline bool lb_ct_goes(const struct lb_ct_state *state, __u32 phases)
{
	if (!(phases & 1 << (state->phase & 7)))
		return false;
	return !(phases & LB_CT_UNTOUCHED) || (__s16)(state->tick - (phases >> 16)) <= 0;
}

/*
 * Takes a flow out, both entries, if its phase is one of `phases` (bits); `key` is that of either
 * entry, IPv4 as v4-mapped. False: there is none, or it must stay.
 */
lb_once int lb_ct_remove(const struct lb_ct_key6 *key, __u32 phases)
{
	if (!key)
		return false;
	if (lb_key_is4(key)) {
		struct lb_ct_key4 key4 = {.src = key->src[3],
					  .dst = key->dst[3],
					  .sport = key->sport,
					  .dport = key->dport,
					  .proto = key->proto,
					  .hook = key->hook};
		struct lb_ct_key4 other4 = {.proto = key->proto};
		struct lb_ct4 *ct = bpf_map_lookup_elem(&lb_conntrack4, &key4);

		if (!ct || !lb_ct_sealed4(&key4, ct) || !lb_ct_goes(&ct->state, phases))
			return false;
		if (ct->state.phase < LB_CT_CLOSED) {
			bool reply = ct->state.flags & LB_CT_REPLY;

			lb_ct_closed(&ct->state, lb_addr_fold4(reply ? key4.src : ct->dst),
				     reply ? key4.sport : ct->dport);
		}
		other4.src = ct->dst;
		other4.dst = ct->src;
		other4.sport = ct->dport;
		other4.dport = ct->sport;
		other4.hook = lb_ct_other(ct->state.flags, key->hook);
		bpf_map_delete_elem(&lb_conntrack4, &key4);
		ct = bpf_map_lookup_elem(&lb_conntrack4, &other4);
		if (ct && ct->src == key4.dst && ct->dst == key4.src && ct->sport == key4.dport &&
		    ct->dport == key4.sport)
			bpf_map_delete_elem(&lb_conntrack4, &other4);
		lb_apart(4);
	} else {
		/* A copy: before 6.2 the verifier takes no argument of a function like this one
		 * for a map's key. One for both entries: the stack is short. */
		struct lb_ct_key6 at = *key;
		struct lb_ct6 *ct = bpf_map_lookup_elem(&lb_conntrack6, &at);

		if (!ct || !lb_ct_sealed6(&at, ct) || !lb_ct_goes(&ct->state, phases))
			return false;
		if (ct->state.phase < LB_CT_CLOSED) {
			bool reply = ct->state.flags & LB_CT_REPLY;

			lb_ct_closed(&ct->state,
				     reply ? lb_addr_fold(at.src) : lb_addr_fold(ct->dst),
				     reply ? at.sport : ct->dport);
		}
		lb_copy16(at.src, ct->dst);
		lb_copy16(at.dst, ct->src);
		at.sport = ct->dport;
		at.dport = ct->sport;
		at.hook = lb_ct_other(ct->state.flags, key->hook);
		ct = bpf_map_lookup_elem(&lb_conntrack6, &at);
		if (ct && lb_same16(ct->src, key->dst) && lb_same16(ct->dst, key->src) &&
		    ct->sport == key->dport && ct->dport == key->sport)
			bpf_map_delete_elem(&lb_conntrack6, &at);
		at = *key;
		bpf_map_delete_elem(&lb_conntrack6, &at);
		lb_apart(6);
	}
	return true;
}

#define LB_CT_ENDED (1 << LB_CT_CLOSED | 1 << LB_CT_RESET)

/* Phases (bits) in which a flow has got what it came for. */
lb_inline __u32 lb_ct_done(__u8 proto)
{
	return proto == IPPROTO_UDP ? 1 << LB_CT_CLOSED | 1 << LB_CT_ANSWERED : LB_CT_ENDED;
}

#define LB_CT_HALF_OPEN (1 << LB_CT_NEW | 1 << LB_CT_ANSWERED)
#define LB_CT_ANY	0xff

/*
 * Flows that may be evicted stand in rings (lb_ct_pending): a third of it at most is for half-open
 * ones, the rest for closed ones, so that a flood of the one kind does not cost what the other is
 * remembered for. A flow is written again with each tick in which it has packets: the place that
 * counts is the last one, and a new flow of the same ports has nothing to fear from the places of
 * the one before.
 */
#define LB_CT_HALF_OPEN_SHARE 3
/* Of the source ports, three quarters: a fourth of them is free, whoever sends how many SYNs. Not
 * where ports are so few that this would be a ring of nothing. */
#define LB_CT_PORTS_LEFT      4
#define LB_CT_HALF_OPEN_LEAST 1024

lb_inline __u32 lb_ct_half_open_places(const struct lb_settings *set)
{
	__u32 third = set->ct_pending / LB_CT_HALF_OPEN_SHARE;
	__u32 ports = set->snat_port_last - set->snat_port_first + 1;

	ports -= ports / LB_CT_PORTS_LEFT;
	return ports >= LB_CT_HALF_OPEN_LEAST && ports < third ? ports : third;
}

/* The tick is taken off the key, which is a flow's then; the place is done with in any case. */
lb_inline bool lb_ct_evict(struct lb_ct_key6 *slot, bool closed)
{
	__u32 phases = closed ? LB_CT_ENDED : LB_CT_HALF_OPEN;

	if (!slot->proto)
		return false;
	phases |= LB_CT_UNTOUCHED_SINCE(slot->pad);
	slot->pad = 0;
	if (!lb_ct_remove(slot, phases))
		return false;
	lb_count(LB_CT_EVICTED);
	return true;
}

/* The next place in the ring, which is the one written longest ago. */
lb_inline struct lb_ct_key6 *lb_ct_pending_next(bool closed)
{
	const struct lb_settings *set = lb_settings_get();
	__u32 zero = 0, index, half_open;
	struct lb_ct_cursor *cursor = bpf_map_lookup_elem(&lb_ct_cursor, &zero);

	if (!set || set->ct_pending < LB_CT_HALF_OPEN_SHARE || !cursor)
		return NULL;
	half_open = lb_ct_half_open_places(set);
	if (closed)
		index = half_open +
			__sync_fetch_and_add(&cursor->closed, 1) % (set->ct_pending - half_open);
	else
		index = __sync_fetch_and_add(&cursor->half_open, 1) % half_open;
	return bpf_map_lookup_elem(&lb_ct_pending, &index);
}

/* The flow of the pass may be evicted from now on; the one whose place it takes is, if it still
 * may. */
lb_once int lb_ct_pend(const struct lb_pass *pass)
{
	struct lb_ct_key6 *slot, key;
	bool closed;

	if (!pass)
		return -EINVAL;
	closed = pass->ct.phase >= LB_CT_CLOSED;
	slot = lb_ct_pending_next(closed);
	if (!slot)
		return -ENOENT;
	if (pass->ct.flags & LB_CT_REPLY)
		lb_ct_key6_turned(&key, &pass->to, LB_CT_INGRESS);
	else
		lb_ct_key6_of(&key, &pass->pkt.tuple, LB_CT_INGRESS);
	/* After a whole round it may be this very flow's. */
	if (!lb_key_same(slot, &key))
		lb_ct_evict(slot, closed);
	key.pad = pass->ct.tick;
	*slot = key;
	return 0;
}

/* The table is full: the oldest flow that may be evicted goes, a closed one rather than a half-open
 * one. */
lb_once int lb_ct_make_room(void)
{
#pragma clang loop unroll(disable)
	for (int try = 0; try < LB_CT_ROOM_TRIES; try++) {
		bool closed = try < LB_CT_ROOM_TRIES / 2;
		struct lb_ct_key6 *slot = lb_ct_pending_next(closed);

		if (slot && lb_ct_evict(slot, closed))
			return true;
	}
	return false;
}

#endif
