/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Who had a place of a Maglev table before, and whose node is asked next about a packet of which
 * nobody has heard. In the order in which they had it; each node once, as it has the entries of all
 * its backends; and the one of who has the place now last of all. Nodes that saw the same changes
 * have the same table, so each knows from its own place in that order who comes after it; for those
 * that did not, the packet counts who has passed it on (lb_untracked.h).
 *
 * In lb_scratch: the stack is short, and what is in a map the verifier does not follow from one
 * place to the next.
 */
#ifndef LB_PAST_H
#define LB_PAST_H

#include "lb_tunnel.h"

enum lb_past_flag {
	LB_PAST_HERE = 1,  /* of this node */
	LB_PAST_REACH = 2, /* of another one, to which there is a tunnel */
	LB_PAST_TURN = 4,  /* its node is asked at its place, not at an earlier one's */
};

struct lb_past_one {
	__be32 node[4];
	__u32 id;    /* 0: nobody */
	__u32 flags; /* enum lb_past_flag */
};

/* The first is who has flows without entries, it may have the place now; the others have entries of
 * theirs. */
struct lb_past {
	struct lb_past_one was[1 + LB_MAGLEV_BETWEEN];
};

_Static_assert(sizeof(struct lb_past) <= sizeof(((struct lb_scratch *)0)->past),
	       "lb_scratch is too small");

/* After whom lb_past_next() looks. */
enum lb_past_since {
	LB_PAST_BEGIN,	      /* nobody was asked */
	LB_PAST_SINCE_HERE,   /* this node: it was sent the packet, and does not have its flow */
	LB_PAST_SINCE_SENDER, /* the one that sent the packet */
};

#define LB_PAST_NONE	-1 /* nobody is left */
#define LB_PAST_UNKNOWN -2 /* after whom: nobody of that node had the place */

/* Of a scratch that is not NULL: see lb_scratch_get(). */
lb_inline struct lb_past *lb_past_in(struct lb_scratch *scratch)
{
	lb_pin(scratch);
	return (struct lb_past *)scratch->past;
}

/* Who is at a place of a row; 0: nobody. */
lb_inline __u32 lb_place_id(__u32 index, __u32 place)
{
	const struct lb_maglev_row *row = bpf_map_lookup_elem(&lb_maglev, &index);

	return row ? READ_ONCE(row->backend_ids[place % LB_MAGLEV_ROW]) : 0;
}

/* Whether the node of one of them has its turn with it. */
lb_inline bool lb_past_turn(const struct lb_past *past, __u32 i)
{
	const __be32 *node = past->was[i].node;

#pragma clang loop unroll(disable)
	for (__u32 k = 0; k < LB_MAGLEV_BETWEEN && k < i; k++)
		if (past->was[k].flags & LB_PAST_TURN && lb_same16(past->was[k].node, node))
			return false;
	return true;
}

/*
 * Reads who had the place. `between`: the row of those after the first one, 0: there are none.
 * `begins`: who has it now, of a packet that begins a flow, and else 0. About such a one who has it
 * now is not asked, as it gets the packet in the end, nor one that does not serve, as its node may
 * be gone. A number, 0 if there is no memory for it.
 */
lb_once int lb_past_read(__u32 service_id, __u32 first, __u32 between, __u32 place, __u32 begins)
{
	const struct lb_settings *set = lb_settings_get();
	struct lb_scratch *scratch = lb_scratch_get();
	const struct lb_backend *backend;
	struct lb_past *past;
	struct lb_past_one *one;
	__u32 flags;

	if (!set || !scratch)
		return 0;
	past = lb_past_in(scratch);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < ARRAY_SIZE(past->was); i++) {
		one = &past->was[i];
		one->flags = 0;
		one->id = 0;
		if (!i)
			one->id = first;
		else if (between)
			one->id = lb_place_id(between, place * LB_MAGLEV_BETWEEN + i - 1);
		backend = one->id ? lb_backend_get(one->id) : NULL;
		if (!backend || READ_ONCE(backend->service_id) != service_id) {
			one->id = 0;
			continue;
		}
		flags = READ_ONCE(backend->flags);
		lb_copy16(one->node, backend->node);
		if ((!begins || (begins != one->id && flags & LB_BACKEND_SERVES)) &&
		    lb_past_turn(past, i))
			one->flags = LB_PAST_TURN;
		if (flags & LB_BACKEND_LOCAL)
			one->flags |= LB_PAST_HERE;
		else if (lb_tunnel_to(set, backend))
			one->flags |= LB_PAST_REACH;
	}
	return 1;
}

/* Whose node is asked next: an index of `was`, LB_PAST_NONE or LB_PAST_UNKNOWN. */
lb_once int lb_past_next(enum lb_past_since since)
{
	struct lb_scratch *scratch = lb_scratch_get();
	bool found = since == LB_PAST_BEGIN;
	const struct lb_past_one *one;
	const struct lb_past *past;

	if (!scratch)
		return LB_PAST_UNKNOWN;
	past = lb_past_in(scratch);
#pragma clang loop unroll(disable)
	for (int i = 0; i < (int)ARRAY_SIZE(past->was); i++) {
		one = &past->was[i];
		if (!(one->flags & LB_PAST_TURN))
			continue;
		if (found) {
			if (one->flags & LB_PAST_REACH)
				return i;
		} else {
			found = since == LB_PAST_SINCE_HERE
					? one->flags & LB_PAST_HERE
					: lb_same16(scratch->tunnel_from, one->node);
		}
	}
	return found ? LB_PAST_NONE : LB_PAST_UNKNOWN;
}

#endif
