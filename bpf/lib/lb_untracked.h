/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Flows without an entry: TCP from outside to a Maglev service by direct server return, at an
 * address that is no node's. Where such a packet goes follows from its addresses and ports, as long
 * as nothing has changed at its place of the service's table. When somebody else gets the place,
 * the one who had it stays known in a second table, as its flows have no entries; what begins
 * there from then on has one. So of each place at most one backend has flows without entries:
 *
 *	who was there before	flows without an entry	flows with one
 *	0			who is there now	none
 *	LB_MAGLEV_TRACKED	who is there now	perhaps
 *	a backend		that one		perhaps; and all that begins
 *
 * Those who had a place in between and lost it are known too, as far as there is room: all their
 * flows have entries, where they began and where they end, but not on a node to which a router
 * turns later.
 *
 * The agent writes all of it (MaglevHistory.cs says what follows upon what). A backend of this node
 * answers by us, so its flows have entries always.
 *
 * The node of a backend has entries of all its flows. So it knows which packets are none of its
 * backends'. They go on, in a tunnel again, to the node of who had the place next, and in the end
 * to who has it now (lb_past.h).
 *
 * A SYN at a place that has changed hands may be of a flow that is there, said again or written by
 * somebody else. So the nodes of those who had the place before are asked first: the one that has
 * its flow gives it the SYN, as it would have without the change. Each other sends it back; when
 * all have, a flow begins with who is there now. An endpoint that does not serve is not asked: its
 * node may be gone.
 */
#ifndef LB_UNTRACKED_H
#define LB_UNTRACKED_H

#include "lb_choose.h"
#include "lb_past.h"
#include "lb_trace_flow.h"

enum lb_track {
	LB_TRACK,	/* as any other packet */
	LB_TRACK_FIRST, /* its flow may have an entry: if it has none, ask (again) */
	LB_TRACK_NOT,	/* into a tunnel, as `ct` of the pass says */
	LB_TRACK_RACE,	/* the service changed under our eyes, each time */
};

/* What the packet says that came in a tunnel. */
lb_inline __u32 lb_untracked_turn(const struct lb_packet *pkt)
{
	const struct lb_scratch *scratch;

	if (!lb_tunnelled(pkt))
		return LB_TUNNEL_PLAIN;
	scratch = lb_scratch_get();
	return scratch ? scratch->tunnel_turn : LB_TUNNEL_PLAIN;
}

/* Whether it may be a packet of such a flow. All others pay this and nothing else. */
lb_inline bool lb_untracked_maybe(const struct lb_packet *pkt)
{
	__u32 index = LB_FILTER_UNTRACKED;
	const __u64 *some;

	if (!cfg_tunnel || pkt->tuple.proto != IPPROTO_TCP)
		return false;
	/* To another node it is one. */
	if (unlikely(lb_untracked_turn(pkt) >= LB_TUNNEL_ASKED))
		return true;
	some = bpf_map_lookup_elem(&lb_filter, &index);
	if (!some || likely(!READ_ONCE(*some)))
		return false;
	return READ_ONCE(*some) >> (lb_filter_bit(pkt->tuple.dst) & 63) & 1;
}

/* Where a backend is. */
enum lb_untracked_place {
	LB_UNTRACKED_NOBODY, /* it is none of the service */
	LB_UNTRACKED_HERE,
	LB_UNTRACKED_THERE,
	LB_UNTRACKED_NOWHERE, /* no tunnel leads to it */
};

lb_inline enum lb_untracked_place lb_untracked_where(const struct lb_service *svc, __u32 id)
{
	const struct lb_backend *backend = id ? lb_backend_get(id) : NULL;
	const struct lb_settings *set = lb_settings_get();

	if (!set || !backend || READ_ONCE(backend->service_id) != svc->id)
		return LB_UNTRACKED_NOBODY;
	if (backend->flags & LB_BACKEND_LOCAL)
		return LB_UNTRACKED_HERE;
	return lb_tunnel_to(set, backend) ? LB_UNTRACKED_THERE : LB_UNTRACKED_NOWHERE;
}

/* Into the tunnel to one of those who had the place. */
lb_inline enum lb_track lb_untracked_to(struct lb_packet *pkt, int next, __u32 flags, __u32 *id)
{
	struct lb_scratch *scratch = lb_scratch_get();

	if (!scratch || next < 0 || next > LB_MAGLEV_BETWEEN)
		return LB_TRACK;
	*id = lb_past_in(scratch)->was[next].id;
	pkt->flags |= flags;
	return LB_TRACK_NOT;
}

/* What begins at a place that has changed hands, and has no entry here. LB_TRACK_NOT: it asks, or
 * is of who is there now and needs no entry. */
lb_inline enum lb_track lb_untracked_begins(struct lb_packet *pkt, enum lb_untracked_place now,
					    __u32 *id)
{
	struct lb_scratch *scratch = lb_scratch_get();
	int next;

	if (!scratch)
		return LB_TRACK;
	if (!lb_tunnelled(pkt))
		next = lb_past_next(LB_PAST_BEGIN);
	else if (scratch->tunnel_turn == LB_TUNNEL_ANSWERED)
		next = lb_past_next(LB_PAST_SINCE_SENDER);
	else
		/* It began on the node that sent it. */
		return LB_TRACK;
	if (next >= 0)
		return lb_untracked_to(pkt, next, LB_PACKET_ASKS | LB_PACKET_TURN, id);
	/* All have answered. From here on it is the client's packet, as it came. */
	pkt->flags &= ~LB_PACKET_TUNNEL;
	return lb_past_in(scratch)->was[0].id == *id && now == LB_UNTRACKED_THERE ? LB_TRACK_NOT
										  : LB_TRACK;
}

/* Any other packet at such a place of which no entry is here. The tables of two nodes may differ:
 * so it counts how many have passed it on, and who is asked last keeps it. */
lb_inline enum lb_track lb_untracked_goes(struct lb_packet *pkt, enum lb_untracked_place now,
					  __u32 *id)
{
	__u32 turn = lb_untracked_turn(pkt), step = 0;
	int next = LB_PAST_NONE;

	if (!lb_tunnelled(pkt)) {
		next = lb_past_next(LB_PAST_BEGIN);
	} else {
		if (turn == LB_TUNNEL_LAST)
			return LB_TRACK;
		step = turn > LB_TUNNEL_ASKED ? turn - LB_TUNNEL_ASKED + 1 : 1;
		if (step <= LB_MAGLEV_BETWEEN)
			next = lb_past_next(LB_PAST_SINCE_HERE);
		if (next == LB_PAST_UNKNOWN)
			next = lb_past_next(LB_PAST_BEGIN);
	}
	if (next >= 0)
		return lb_untracked_to(pkt, next, LB_PACKET_TURN | step << LB_PACKET_STEP_SHIFT,
				       id);
	if (now != LB_UNTRACKED_THERE)
		return LB_TRACK;
	pkt->flags |= LB_PACKET_LAST;
	return LB_TRACK_NOT;
}

/* At a place that has not changed hands, as far as this node knows. */
lb_inline enum lb_track lb_untracked_stable(struct lb_packet *pkt, bool begins,
					    enum lb_untracked_place now)
{
	__u32 turn = lb_untracked_turn(pkt);

	if (!lb_tunnelled(pkt))
		return now == LB_UNTRACKED_THERE ? LB_TRACK_NOT : LB_TRACK;
	if (begins) {
		/* It began on the node that sent it, or is the client's again. */
		if (turn == LB_TUNNEL_ANSWERED)
			pkt->flags &= ~LB_PACKET_TUNNEL;
		return LB_TRACK;
	}
	if (now != LB_UNTRACKED_THERE || turn == LB_TUNNEL_LAST)
		return LB_TRACK;
	pkt->flags |= LB_PACKET_LAST;
	return LB_TRACK_NOT;
}

/*
 * Of the places of the packet: where it goes. `missed`: its flow has no entry. LB_TRACK_NOT: `*id`
 * is its backend.
 */
lb_inline enum lb_track lb_untracked_way(struct lb_packet *pkt, const struct lb_service *svc,
					 bool missed, bool begins, __u32 *id)
{
	__u32 rows = (svc->cluster.count + LB_MAGLEV_ROW - 1) / LB_MAGLEV_ROW;
	__u32 place = lb_place_of(lb_hash_tuple(&pkt->tuple), svc->cluster.count);
	__u32 first = lb_place_id(svc->cluster.first + rows + place / LB_MAGLEV_ROW, place);
	enum lb_untracked_place now;
	__u32 between = 0;

	if (!missed && first)
		return LB_TRACK_FIRST;
	*id = lb_place_id(svc->cluster.first + place / LB_MAGLEV_ROW, place);
	now = lb_untracked_where(svc, *id);
	if (!first)
		return lb_untracked_stable(pkt, begins, now);
	/* Nobody gets anything new. */
	if (begins && now == LB_UNTRACKED_NOBODY)
		return LB_TRACK;
	if (first == LB_MAGLEV_TRACKED)
		first = *id;
	/* Nearly all are of the one who is asked first. */
	if (!begins && !lb_tunnelled(pkt) && lb_untracked_where(svc, first) == LB_UNTRACKED_THERE) {
		*id = first;
		pkt->flags |= LB_PACKET_TURN;
		return LB_TRACK_NOT;
	}
	if (svc->flags & LB_SERVICE_BETWEEN)
		between =
			svc->cluster.first + 2 * rows + place / (LB_MAGLEV_ROW / LB_MAGLEV_BETWEEN);
	if (!lb_past_read(svc->id, first, between, place, begins ? *id : 0))
		return LB_TRACK;
	return begins ? lb_untracked_begins(pkt, now, id) : lb_untracked_goes(pkt, now, id);
}

lb_inline enum lb_track lb_untracked_leaves(struct lb_pass *pass, __u32 service_id,
					    __u32 backend_id)
{
	pass->ct.service_id = service_id;
	pass->ct.backend_id = backend_id;
	pass->ct.oif = 0;
	pass->ct.mtu = 0;
	pass->ct.tick = lb_tick_now();
	pass->ct.phase = LB_CT_OPEN;
	pass->ct.flags = LB_CT_DIRECT;
	pass->pkt.flags |= LB_PACKET_UNTRACKED;
	return LB_TRACK_NOT;
}

/* What is to be done with a packet of which lb_untracked_maybe() said so. `missed`: conntrack was
 * asked, and has no entry. */
lb_once int lb_untracked(struct lb_pass *pass, bool missed)
{
	const struct lb_settings *set = lb_settings_get();
	enum lb_lookup lookup = LB_LOOKUP_RACED;
	struct lb_choosing *choosing;
	enum lb_track track;
	__u32 zero = 0, id = 0;
	bool begins;

	choosing = bpf_map_lookup_elem(&lb_scratch, &zero);
	if (!pass || !set || !choosing)
		return LB_TRACK;
	begins = (pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) == LB_TCP_SYN;
	/* Whatever our tables say: who asks begins the flow as its own ones do. */
	if (begins && missed && lb_untracked_turn(&pass->pkt) >= LB_TUNNEL_ASKED) {
		pass->pkt.flags |= LB_PACKET_ASKS | LB_PACKET_BACK;
		return lb_untracked_leaves(pass, 0, 0);
	}
	lb_addr_dst(&pass->ask[0], &pass->pkt.tuple);
	lookup = lb_service_find(&pass->ask[0], &choosing->svc);
	if (unlikely(lookup == LB_LOOKUP_RACED))
		lookup = lb_service_find(&pass->ask[0], &choosing->svc);
	if (unlikely(lookup == LB_LOOKUP_RACED))
		return LB_TRACK_RACE;
	if (lookup == LB_LOOKUP_NONE || !(choosing->svc.flags & LB_SERVICE_UNTRACKED) ||
	    !choosing->svc.cluster.count)
		return LB_TRACK;
	/* Whatever it answers, it was no question to a frontend. */
	if ((pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) == (LB_TCP_SYN | LB_TCP_ACK) ||
	    lb_martian(&pass->pkt.tuple) ||
	    lb_source_of(set, &pass->pkt.tuple, pass->ifindex, &pass->ask[1]) != LB_FROM_OUTSIDE)
		return LB_TRACK;
	track = lb_untracked_way(&pass->pkt, &choosing->svc, missed, begins, &id);
	return track == LB_TRACK_NOT ? lb_untracked_leaves(pass, choosing->svc.id, id) : track;
}

/* How a packet that leaves in a tunnel counts. */
lb_inline enum lb_reason lb_untracked_reason(const struct lb_pass *pass)
{
	if (likely(!(pass->pkt.flags & LB_PACKET_UNTRACKED)))
		return LB_PKT_TO_NODE;
	return unlikely(pass->pkt.flags & LB_PACKET_ASKS) ? LB_PKT_ASKED : LB_PKT_UNTRACKED;
}

/* Counts what has begun. How it ends nobody here will know, so it counts as over. */
lb_inline void lb_untracked_begun(const struct lb_pass *pass)
{
	struct lb_svc_stat *stat;

	/* What asks has not begun yet. */
	if ((pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) != LB_TCP_SYN ||
	    pass->pkt.flags & LB_PACKET_ASKS)
		return;
	lb_count_packet(LB_PKT_NEW, pass->pkt.len);
	lb_trace_flow(pass, LB_TRACE_UNTRACKED, HOOK_TRACED);
	stat = lb_svc_stat(pass->ct.service_id);
	if (!stat)
		return;
	stat->connections++;
	stat->closed++;
}

#endif
