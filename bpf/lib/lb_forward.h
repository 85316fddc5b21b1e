/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* clang-format off */
/*
 * The story of a packet, from the hook's door to its verdict:
 *
 *  (a) It is parsed; what is not TCP, UDP, SCTP or an ICMP error about one of them goes on
 *      untouched, and so does what is tagged, or cut short.
 *      It also does if it goes to an address that nothing of ours goes to, or is in a frame for
 *      another machine.
 *  (b) A later fragment takes its ports from the first one, and waits a little where that is late.
 *  (c) Conntrack knows its flow: what it becomes and where it leaves is written there.
 *  (d) Else, where packets come in, its destination may be a frontend, unless a program at a
 *      device below has translated it: a backend is chosen,
 *  (e) and a flow opened towards it; or the packet is answered that there is none.
 *  (f) It is translated: a packet too long or too old for its way is answered instead.
 *  (g) It goes on through the stack, or straight out by a device.
 *  (h) How it ended is counted, once.
 *
 * Where packets leave only (a) to (c) and (f) to (h) happen: they are replies of this node's
 * backends to clients that kept their address. And connections that the node begins from a port of
 * ours get another one (lb_move.h).
 */
/* clang-format on */
#ifndef LB_FORWARD_H
#define LB_FORWARD_H

#include "lb_answer.h"
#include "lb_ct_follow.h"
#include "lb_ct_yield.h"
#include "lb_door.h"
#include "lb_drop.h"
#include "lb_frag.h"
#include "lb_icmp.h"
#include "lb_move.h"
#include "lb_nat.h"
#include "lb_open.h"
#include "lb_reply.h"

/* Where the first chunk's type is, behind SCTP's common header. */
#define LB_SCTP_CHUNK 12

/* What the first chunk of an SCTP packet means. */
lb_inline __u8 lb_chunk_flags(hook_ctx *ctx, const struct lb_packet *pkt)
{
	__u8 chunk = 0;

	if (pkt->flags & (LB_PACKET_ICMP_ERROR | LB_PACKET_FRAG_LATER) ||
	    (__u32)pkt->l4 - pkt->l3 + LB_SCTP_CHUNK >= pkt->len ||
	    hook_read(ctx, pkt->l4 + LB_SCTP_CHUNK, &chunk, 1))
		return 0;
	return lb_sctp_flags(chunk);
}

/* A fragment, or SCTP. One question for both, without a branch for each. */
lb_inline bool lb_rare(const struct lb_packet *pkt)
{
	__u32 other = pkt->tuple.proto ^ IPPROTO_SCTP;

	lb_pin(other);
	return ((other - 1) >> 31) | (pkt->flags & LB_PACKET_FRAG);
}

/* (b) Ports are known, or `*verdict` is the end. And what few packets have to say, so that all others
 * pay for one question. */
HOOK_ONCE int lb_fragment(hook_ctx *ctx, struct lb_walk *walk, int *verdict)
{
	if (!walk || !verdict)
		return false;
	if (walk->pkt.tuple.proto == IPPROTO_SCTP)
		walk->pkt.tcp_flags = lb_chunk_flags(ctx, &walk->pkt);
	if (!(walk->pkt.flags & LB_PACKET_FRAG))
		return true;
	if (lb_frag_ports(&walk->pkt))
		return true;
	*verdict = walk->hook == LB_CT_INGRESS && lb_door_leads(&walk->pkt)
			   ? hook_again(ctx, LB_FRAG_ROUNDS)
			   : HOOK_PASS;
	walk->reason = *verdict == HOOK_PASS ? LB_PKT_FRAG_LOST : LB_PKT_FRAG_WAIT;
	return false;
}

/* A TCP segment with more than its header. */
lb_inline bool lb_has_data(hook_ctx *ctx, const struct lb_packet *pkt)
{
	__u8 words = 0;

	return !hook_read(ctx, pkt->l4 + LB_TCP_WORDS, &words, 1) &&
	       (__u32)pkt->l4 - pkt->l3 + (words >> 4 << 2) < pkt->len;
}

/* (c) Once a second and when something changes: both entries, the route. False: the packet's flow
 * is another one now. */
HOOK_ONCE int lb_refresh(hook_ctx *ctx, struct lb_walk *walk, __u32 now)
{
	struct lb_ct_state *state;
	bool ticked, ours;
	__u8 before;

	if (!walk)
		return false;
	ticked = walk->ct.tick != now;
	before = walk->ct.phase;
	if (walk->pkt.tuple.proto == IPPROTO_TCP) {
		if (walk->pkt.tcp_flags & LB_TCP_FIN &&
		    ((walk->ct.flags & (LB_CT_SNAT | LB_CT_REPLY)) == LB_CT_SNAT ||
		     lb_ct_moved(walk)) &&
		    !lb_clock_read(ctx, walk))
			lb_clock_note(walk);
		if (ticked && lb_has_data(ctx, &walk->pkt))
			walk->pkt.flags |= LB_PACKET_DATA;
	}
	if (!lb_ct_follow(walk, now))
		return false;
	if (lb_ct_pends(walk, before, ticked))
		lb_ct_pend(walk);
	if (walk->ct.flags & LB_CT_REPLY) {
		if (!ticked && walk->ct.mtu)
			return true;
		if (walk->hook == LB_CT_EGRESS) {
			if (!walk->ct.oif || walk->ct.oif == walk->ifindex)
				return true;
			/* No way back where it came from: the stack's choice stands. */
			if (!lb_fib_back(ctx, walk))
				walk->ct.oif = 0;
		} else if (!walk->ct.oif || !lb_fib_back(ctx, walk)) {
			lb_fib_forward(ctx, walk);
		}
	} else {
		if (walk->ct.flags & LB_CT_STACK || !ticked)
			return true;
		if (!lb_fib_forward(ctx, walk))
			walk->ct.oif = 0;
	}
	state = lb_ct_state(walk, false, &ours);
	if (state) {
		state->oif = walk->ct.oif;
		state->mtu = walk->ct.mtu;
	}
	return true;
}

/* (c) */
lb_inline bool lb_known(hook_ctx *ctx, struct lb_walk *walk)
{
	__u32 now;

	if (!lb_ct_find(walk))
		return false;
	if (unlikely(walk->pkt.flags & LB_PACKET_ICMP_ERROR))
		return true;
	if (unlikely(lb_ct_outdated(walk))) {
		lb_ct_forget(walk);
		return false;
	}
	now = lb_ct_now();
	return likely(!lb_ct_moves(walk, now)) || lb_refresh(ctx, walk, now);
}

/* (e) Nobody serves; walk->reason says why. */
lb_inline int lb_reject(hook_ctx *ctx, struct lb_walk *walk)
{
	struct lb_svc_stat *stat = lb_svc_stat(walk->ct.service_id);

	if (stat)
		stat->refused++;
	if (walk->pkt.tuple.proto == IPPROTO_TCP)
		return lb_answer_allowed(walk, LB_ANSWER_RESET) ? lb_reply_reset(ctx, &walk->pkt)
								: HOOK_DROP;
	return lb_answer_allowed(walk, LB_ANSWER_ICMP) ? lb_reply_unreachable(ctx, &walk->pkt)
						       : HOOK_DROP;
}

/* (f) Longer than what its way takes; of a GSO packet each segment counts. */
HOOK_ONCE int lb_too_long(hook_ctx *ctx, const struct lb_walk *walk)
{
	__u32 segment = hook_segment(ctx), header = 8;
	__u8 words = 0;

	if (!segment || !walk)
		return true;
	if (walk->pkt.tuple.proto == IPPROTO_TCP) {
		if (hook_read(ctx, walk->pkt.l4 + 12, &words, 1))
			return true;
		header = words >> 4 << 2;
	}
	return walk->pkt.l4 - walk->pkt.l3 + header + segment > walk->ct.mtu;
}

/* (g) How a packet of the flow counts. */
lb_inline enum lb_reason lb_way(const struct lb_walk *walk)
{
	const struct lb_backend *backend;

	if (unlikely(walk->pkt.flags & LB_PACKET_ICMP_ERROR))
		return LB_PKT_ICMP;
	if (walk->ct.flags & LB_CT_REPLY)
		return LB_PKT_REPLY;
	if (walk->ct.flags & LB_CT_DIRECT)
		return LB_PKT_TO_LOCAL;
	if (!(walk->ct.flags & LB_CT_STACK))
		return LB_PKT_TO_REMOTE;
	backend = lb_backend_get(walk->ct.backend_id);
	return backend && !(backend->flags & LB_BACKEND_LOCAL) ? LB_PKT_TO_REMOTE : LB_PKT_TO_LOCAL;
}

/* (f) An ICMP error about a flow: both its headers. */
HOOK_ONCE int lb_nat_icmp(hook_ctx *ctx, struct lb_walk *walk, __u32 hops)
{
	if (!walk || lb_icmp_translate(ctx, &walk->pkt, &walk->to))
		return false;
	if (!hops)
		return true;
	if (walk->pkt.tuple.family == 4) {
		struct iphdr *ip = lb_reach(ctx, walk->pkt.l3, sizeof(*ip));

		if (!ip)
			return false;
		ip->ttl--;
		ip->check = lb_csum_apply(ip->check, (__u16)~bpf_htons(0x0100));
	} else {
		struct ipv6hdr *ip = lb_reach(ctx, walk->pkt.l3, sizeof(*ip));

		if (!ip)
			return false;
		ip->hop_limit--;
		hook_csum_add(ctx, (__u16)~bpf_htons(0x0001));
	}
	return true;
}

/* (f) and (g): as the entry says. */
lb_inline int lb_carry(hook_ctx *ctx, struct lb_walk *walk, enum lb_ct_hook hook)
{
	bool error = walk->pkt.flags & LB_PACKET_ICMP_ERROR;
	__u32 out = 0, hops = 0;

	walk->reason = lb_way(walk);
	if (hook == LB_CT_EGRESS) {
		/* The route went elsewhere than the request had come from. */
		if (unlikely(walk->ct.oif != walk->ifindex))
			out = walk->ct.oif;
	} else if (!(walk->ct.flags & LB_CT_STACK)) {
		out = walk->ct.oif;
		hops = 1;
		if (unlikely(!out))
			return lb_end(walk, LB_DROP_NO_ROUTE, HOOK_DROP);
		if (unlikely(walk->pkt.ttl <= 1)) {
			walk->reason = LB_PKT_TTL;
			return error || !lb_answer_allowed(walk, LB_ANSWER_ICMP)
				       ? HOOK_DROP
				       : lb_reply_ttl(ctx, &walk->pkt);
		}
		if (unlikely(walk->ct.mtu && walk->pkt.len > walk->ct.mtu) && !error &&
		    lb_too_long(ctx, walk)) {
			walk->reason = LB_PKT_TOO_BIG;
			return lb_reply_too_big(ctx, &walk->pkt, walk->ct.mtu);
		}
	}
	if (unlikely(!(error ? lb_nat_icmp(ctx, walk, hops) : lb_nat(ctx, walk, hops))))
		return lb_end(walk, LB_DROP_REWRITE, HOOK_DROP);
	return out ? hook_forward(ctx, out, walk->pkt.l3) : HOOK_PASS;
}

/*
 * Whether the packet answers a connection of the node's own, or one that netfilter masquerades.
 * Both can have the number of a NodePort for their port, and netfilter, which would know, comes
 * after us. With HOOK_SOCKET_OPEN a socket that takes packets from anybody waits, too.
 */
HOOK_ONCE int lb_awaited(hook_ctx *ctx, const struct lb_walk *walk, enum hook_socket least)
{
	const struct lb_tuple *at;
	struct bpf_sock_tuple ask;
	__u32 size;

	if (!walk)
		return false;
	at = &walk->pkt.tuple;
	size = lb_sock_tuple(&ask, at, false);
	return hook_socket(ctx, &ask, size, at->proto) >= least ||
	       hook_tracked(ctx, &ask, size, at->proto) == HOOK_TRACK_REPLY;
}

/* (d) and (e). True: there is a flow now. */
lb_inline bool lb_fresh(hook_ctx *ctx, struct lb_walk *walk, int *verdict)
{
	const struct lb_settings *set = lb_settings_get();
	enum lb_choice choice;

	if (set && unlikely(set->flags & LB_SET_ABOVE) && lb_translated_below(walk))
		return false;
	choice = lb_choose(walk, false);
	if (choice == LB_CHOICE_ASK) {
		if (lb_awaited(ctx, walk, HOOK_SOCKET_CONNECTED))
			return false;
		choice = lb_choose(walk, true);
	}
	if (unlikely(choice == LB_CHOICE_UNKNOWN))
		choice = lb_choose_unknown(walk);
	switch (choice) {
	case LB_CHOICE_OPEN:
		walk->reason = lb_open(ctx, walk);
		if (likely(!walk->reason))
			return true;
		*verdict = HOOK_DROP;
		return false;
	case LB_CHOICE_REJECT:
		*verdict = lb_reject(ctx, walk);
		return false;
	case LB_CHOICE_DROP:
		*verdict = HOOK_DROP;
		return false;
	default:
		if (unlikely(walk->reason == LB_PKT_REPLY_LOST) &&
		    lb_awaited(ctx, walk, HOOK_SOCKET_OPEN))
			walk->reason = LB_PKT_PASSED;
		if (lb_begins(&walk->pkt))
			lb_ct_yield(walk);
		return false;
	}
}

lb_inline int lb_walk_on(hook_ctx *ctx, struct lb_walk *walk, enum lb_ct_hook hook)
{
	int verdict = HOOK_PASS;
	bool fresh = false;

	if (unlikely(lb_rare(&walk->pkt)) && !lb_fragment(ctx, walk, &verdict))
		return verdict;
	if (!lb_known(ctx, walk)) {
		walk->reason = LB_PKT_PASSED;
		/* Of the fragments only a first one opens a flow: this one has lost its own. */
		if (unlikely(walk->pkt.flags & (LB_PACKET_ICMP_ERROR | LB_PACKET_FRAG_LATER)))
			return HOOK_PASS;
		fresh = hook == LB_CT_EGRESS ? lb_door_moves(&walk->pkt) && lb_move(ctx, walk)
					     : lb_fresh(ctx, walk, &verdict);
		if (!fresh)
			return verdict;
	}
	verdict = lb_carry(ctx, walk, hook);
	/* Nobody will have heard of this flow. */
	if (unlikely(walk->reason == LB_DROP_REWRITE) && fresh)
		lb_ct_forget(walk);
	return verdict;
}

/* `l3` as in lb_parse(). */
lb_inline int lb_forward(hook_ctx *ctx, __u32 l3, enum lb_ct_hook hook)
{
	struct lb_walk walk;
	enum lb_reason other;

	if (hook == LB_CT_INGRESS) {
		hook_arrived(ctx);
	} else if (hook_sent(ctx)) {
		/* Translated where it came in. To conntrack it might look like a packet of the
		 * node's own that has our port (lb_move.h). */
		lb_count_packet(LB_PKT_PASSED, hook_len(ctx) - l3);
		return HOOK_PASS;
	}
	switch (lb_parse(ctx, l3, &walk.pkt)) {
	case LB_PARSED:
		if (likely(lb_door_shut(&walk.pkt, hook))) {
			other = LB_PKT_PASSED;
			break;
		}
		if (cfg_check_frame && l3 && hook == LB_CT_INGRESS && unlikely(!hook_ours(ctx)) &&
		    !lb_frame_upper(ctx)) {
			other = LB_PKT_OTHER_HOST;
			break;
		}
		/* Before 6.3 the verifier wants all that is handed to a function (lb_once)
		 * written. */
		__builtin_memset(&walk.to, 0, sizeof(walk.to));
		__builtin_memset(&walk.ct, 0, sizeof(walk.ct));
		walk.reason = LB_PKT_PASSED;
		walk.clock_kind = LB_CLOCK_NONE;
		walk.clock = 0;
		walk.hook = hook;
		walk.ifindex = hook_ifindex(ctx);
		return lb_finish(&walk, lb_walk_on(ctx, &walk, hook)); /* (b) to (h) */
	case LB_PARSED_VLAN:
		other = LB_PKT_VLAN;
		break;
	case LB_PARSED_MALFORMED:
		other = LB_PKT_MALFORMED;
		break;
	default:
		other = LB_PKT_PASSED;
		break;
	}
	lb_count_packet(other, hook_len(ctx) - l3);
	return HOOK_PASS;
}

#endif
