/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * When a UDP flow is a conversation. It has no handshake: whoever writes others' addresses into
 * packets gets an answer for each of them, and can ask again. So a flow is open only when it was
 * answered and is asked again later than 2 s after its first question, and only so many are.
 */
#ifndef LB_CT_UDP_H
#define LB_CT_UDP_H

#include "lb_maps.h"
#include "lb_packet.h"
#include "lb_stats.h"

/* A request entry counts the ticks since the first question, up to this, in two bits of its flags
 * that only TCP has a use for, until the flow is open: more than 2 s. */
#define LB_CT_AGE_SHIFT 6
#define LB_CT_AGE_OPEN	3
#define LB_CT_AGE	(LB_CT_AGE_OPEN << LB_CT_AGE_SHIFT)

/* How often a word that changes under our hands is tried; the next packet will do it else. */
#define LB_CT_STEP_TRIES 4

/* The word of an entry that is changed by atomics. */
union lb_ct_word {
	struct {
		__u16 mtu;
		__u8 phase;
		__u8 flags;
	};
	__u32 word;
};

/* Whether one more may be open: else it goes on as it is, and may give way to others. */
lb_inline bool lb_ct_udp_room(__u8 family)
{
	__u32 index = family == 4 ? LB_UDP_OPENED4 : LB_UDP_OPENED6;
	__u64 *opened = bpf_map_lookup_elem(&lb_udp_share, &index), *limit;

	index += LB_UDP_LIMIT4 - LB_UDP_OPENED4;
	limit = bpf_map_lookup_elem(&lb_udp_share, &index);
	if (!opened || !limit)
		return true;
	if (*limit && READ_ONCE(*opened) >= *limit) {
		lb_count(LB_CT_UDP_SHARE);
		return false;
	}
	__sync_fetch_and_add(opened, 1);
	return true;
}

/*
 * A packet of a UDP flow that is not open came in tick `to`; `request` is the state of its request
 * entry. Of two CPUs the one that moves the tick counts the time. True: the packet was a question,
 * and the flow is open by it.
 */
lb_once int lb_ct_udp_tick(const struct lb_pass *pass, struct lb_ct_state *request, __u32 to)
{
	union lb_ct_word seen, next;
	__u32 was, age;

	if (!pass || !request)
		return false;
	was = READ_ONCE(request->tick);
	if ((__s32)(to - was) <= 0 || __sync_val_compare_and_swap(&request->tick, was, to) != was)
		return false;
#pragma clang loop unroll(disable)
	for (int try = 0; try < LB_CT_STEP_TRIES; try++) {
		seen.word = READ_ONCE(*(__u32 *)&request->mtu);
		next = seen;
		age = (seen.flags >> LB_CT_AGE_SHIFT) + (to - was);
		if (age > LB_CT_AGE_OPEN)
			age = LB_CT_AGE_OPEN;
		next.flags = (seen.flags & ~LB_CT_AGE) | age << LB_CT_AGE_SHIFT;
		if (next.word == seen.word ||
		    __sync_val_compare_and_swap((__u32 *)&request->mtu, seen.word, next.word) ==
			    seen.word)
			break;
	}
	return next.phase == LB_CT_ANSWERED && next.flags >> LB_CT_AGE_SHIFT == LB_CT_AGE_OPEN &&
	       !(pass->ct.flags & LB_CT_REPLY) && lb_ct_udp_room(pass->pkt.tuple.family);
}

#endif
