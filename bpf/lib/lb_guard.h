/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a backend in TIME_WAIT knows a new connection by: the timestamp of its SYN, or the sequence
 * number where it has none, goes on from the last connection of the same ports. What the last one
 * was is remembered apart from flows: they are reopened, evicted and expire on their own account.
 */
#ifndef LB_GUARD_H
#define LB_GUARD_H

#include "lb_conntrack.h"

#define LB_TCP_SEQUENCE	 4
#define LB_TCP_WORDS	 12
#define LB_TCP_HEADER	 20
#define LB_TCPOPT_MAX	 10 /* looked at; systems put the timestamp second or third */
#define LB_TCPOPT_END	 0
#define LB_TCPOPT_NOP	 1
#define LB_TCPOPT_STAMP	 8
#define LB_TCPOLEN_STAMP 10

/* Where the sender's timestamp is; 0: it has none. */
lb_inline __u32 lb_guard_stamp(hook_ctx *ctx, __u32 l4)
{
	const __u8 *at = lb_at(ctx, l4, LB_TCP_HEADER);
	__u32 off = l4 + LB_TCP_HEADER, end;

	if (!at)
		return 0;
	end = l4 + (at[LB_TCP_WORDS] >> 4 << 2);
#pragma clang loop unroll(disable)
	for (int i = 0; i < LB_TCPOPT_MAX; i++) {
		if (off + LB_TCPOLEN_STAMP > end || off + 2 > LB_REACH)
			return 0;
		at = lb_reach(ctx, off, LB_TCPOLEN_STAMP);
		if (!at || at[0] == LB_TCPOPT_END)
			return 0;
		if (at[0] == LB_TCPOPT_STAMP)
			return off + 2;
		if (at[0] != LB_TCPOPT_NOP && at[1] < 2)
			return 0;
		off += at[0] == LB_TCPOPT_NOP ? 1 : at[1];
	}
	return 0;
}

/* The clock of a client's packet into the pass. 0: done. */
HOOK_ONCE int lb_guard_read(hook_ctx *ctx, struct lb_pass *pass)
{
	const __be32 *clock;
	__u32 stamp;

	if (!pass)
		return -EINVAL;
	stamp = lb_guard_stamp(ctx, pass->pkt.l4);
	clock = lb_at(ctx, stamp ? stamp : pass->pkt.l4 + LB_TCP_SEQUENCE, sizeof(*clock));
	if (!clock)
		return -EINVAL;
	pass->guard_kind = stamp ? LB_GUARD_STAMP : LB_GUARD_SEQUENCE;
	pass->clock = bpf_ntohl(*clock);
	return 0;
}

lb_inline __u32 lb_guard_way(const struct lb_tuple *to)
{
	__u32 way = to->dport;

	for (int i = 0; i < 4; i++) {
		way = (way ^ to->src[i]) * 0x9e3779b1;
		way = (way ^ way >> 15 ^ to->dst[i]) * 0x85ebca6b;
	}
	return way ^ way >> 16;
}

lb_inline struct lb_snat_guard *lb_guard_get(__u32 way, __be16 port)
{
	__u32 place = (way + bpf_ntohs(port)) % LB_SNAT_GUARDS;

	return bpf_map_lookup_elem(&lb_snat_guard, &place);
}

/* The pass's packet is the client's last one, to leave from pass->to.sport. */
lb_once int lb_guard_note(const struct lb_pass *pass)
{
	struct lb_snat_guard *last;
	__u32 way;

	if (!pass)
		return -EINVAL;
	way = lb_guard_way(&pass->to);
	last = lb_guard_get(way, pass->to.sport);
	if (!last)
		return -ENOENT;
	last->way = way;
	last->clock = pass->clock;
	last->tick = lb_ct_now();
	last->kind = pass->guard_kind;
	return 0;
}

/* A minute, and a second for what ticks leave out. */
#define LB_TIME_WAIT_TICKS 58
/* What the FIN may have carried, in sequence numbers. */
#define LB_LAST_SEGMENT 65536

/* Whether the pass's SYN from pass->to.sport looks new to a backend in TIME_WAIT. */
lb_once int lb_guard_follows(const struct lb_pass *pass, __u32 way)
{
	const struct lb_snat_guard *last;

	if (!pass)
		return true;
	last = lb_guard_get(way, pass->to.sport);
	if (!last || last->way != way || last->kind == LB_GUARD_NONE ||
	    pass->guard_kind == LB_GUARD_NONE ||
	    (__s32)(pass->ct.tick - last->tick) >= LB_TIME_WAIT_TICKS)
		return true;
	return pass->guard_kind == last->kind &&
	       (__s32)(pass->clock - last->clock) >
		       (last->kind == LB_GUARD_STAMP ? 0 : LB_LAST_SEGMENT);
}

#endif
