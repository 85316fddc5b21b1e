/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* clang-format off */
/*
 * The story of a packet, from the hook's destination filter to its verdict:
 *
 *  (a) It is taken out of the tunnel, where another node sends it in one, and parsed; what is not
 *      TCP, UDP, SCTP or an ICMP error about one of them goes on untouched, and so does what is
 *      tagged, or cut short.
 *      It also does if it goes to an address that nothing of ours goes to, or is in a frame for
 *      another machine.
 *  (b) A later fragment takes its ports from the first one, and waits a little where that is late.
 *  (c) Conntrack knows what it becomes and where it leaves, or it needs no entry (lb_untracked.h).
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
#include "lb_awaited.h"
#include "lb_ct_follow.h"
#include "lb_ct_direct.h"
#include "lb_filter.h"
#include "lb_drop.h"
#include "lb_frag.h"
#include "lb_icmp.h"
#include "lb_known.h"
#include "lb_move.h"
#include "lb_mss.h"
#include "lb_nat.h"
#include "lb_open.h"
#include "lb_reply.h"
#include "lb_tunnel_open.h"
#include "lb_tunnel_send.h"

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

/* (b) Ports are known, or `*verdict` is the end. And what few packets have to say, so that all
 * others pay for one question. */
HOOK_ONCE int lb_fragment(hook_ctx *ctx, struct lb_pass *pass, int *verdict)
{
	if (!pass || !verdict)
		return false;
	if (pass->pkt.tuple.proto == IPPROTO_SCTP)
		pass->pkt.tcp_flags = lb_chunk_flags(ctx, &pass->pkt);
	if (!(pass->pkt.flags & LB_PACKET_FRAG))
		return true;
	if (lb_frag_ports(&pass->pkt))
		return true;
	*verdict = pass->hook == LB_CT_INGRESS && lb_filter_leads(&pass->pkt)
			   ? hook_again(ctx, LB_FRAG_ROUNDS)
			   : HOOK_PASS;
	pass->reason = *verdict == HOOK_PASS ? LB_PKT_FRAG_LOST : LB_PKT_FRAG_WAIT;
	return false;
}

/* (e) Nobody serves; pass->reason says why. */
lb_inline int lb_reject(hook_ctx *ctx, struct lb_pass *pass)
{
	struct lb_svc_stat *stat = lb_svc_stat(pass->ct.service_id);

	if (stat)
		stat->refused++;
	if (pass->pkt.tuple.proto == IPPROTO_TCP)
		return lb_answer_allowed(pass, LB_ANSWER_RESET) ? lb_reply_reset(ctx, &pass->pkt)
								: HOOK_DROP;
	return lb_answer_allowed(pass, LB_ANSWER_ICMP) ? lb_reply_unreachable(ctx, &pass->pkt)
						       : HOOK_DROP;
}

/* (g) How a packet of the flow counts. */
lb_inline enum lb_reason lb_way(const struct lb_pass *pass)
{
	const struct lb_backend *backend;

	if (unlikely(pass->pkt.flags & LB_PACKET_ICMP_ERROR))
		return LB_PKT_ICMP;
	if (pass->ct.flags & LB_CT_REPLY)
		return LB_PKT_REPLY;
	if (lb_ct_tunnels(pass))
		return lb_untracked_reason(pass);
	if (pass->ct.flags & LB_CT_DIRECT)
		return LB_PKT_TO_LOCAL;
	if (!(pass->ct.flags & LB_CT_STACK))
		return LB_PKT_TO_REMOTE;
	backend = lb_backend_get(pass->ct.backend_id);
	return backend && !(backend->flags & LB_BACKEND_LOCAL) ? LB_PKT_TO_REMOTE : LB_PKT_TO_LOCAL;
}

/* (f) An ICMP error about a flow: both its headers. */
HOOK_ONCE int lb_nat_icmp(hook_ctx *ctx, struct lb_pass *pass, __u32 hops)
{
	if (!pass || lb_icmp_translate(ctx, &pass->pkt, &pass->to))
		return false;
	if (!hops)
		return true;
	return lb_hop(ctx, &pass->pkt);
}

/* (g) Out by ct.oif, translated: a verdict. */
HOOK_ONCE int lb_leave(hook_ctx *ctx, const struct lb_pass *pass)
{
	struct bpf_redir_neigh to = {};

	if (!pass)
		return HOOK_DROP;
	lb_fib_router(ctx, pass, &to);
	return hook_forward(ctx, pass->ct.oif, pass->pkt.l3, &to);
}

/* (f) and (g): as the entry says. */
lb_inline int lb_carry(hook_ctx *ctx, struct lb_pass *pass, enum lb_ct_hook hook)
{
	bool error = pass->pkt.flags & LB_PACKET_ICMP_ERROR;
	__u32 out = 0, hops = 0;

	pass->reason = lb_way(pass);
	if (hook == LB_CT_EGRESS) {
		/* The route went elsewhere than the request had come from. */
		if (unlikely(pass->ct.oif != pass->ifindex))
			out = pass->ct.oif;
		if (cfg_tunnel_mss && unlikely(pass->pkt.tcp_flags & LB_TCP_SYN) &&
		    pass->pkt.tuple.proto == IPPROTO_TCP && !error)
			lb_mss_lower(ctx, &pass->pkt);
	} else if (!(pass->ct.flags & LB_CT_STACK)) {
		out = pass->ct.oif;
		hops = 1;
		if (unlikely(!out))
			return lb_end(pass, LB_DROP_NO_ROUTE, HOOK_DROP);
		if (unlikely(pass->pkt.ttl <= 1)) {
			pass->reason = LB_PKT_TTL;
			return error || !lb_answer_allowed(pass, LB_ANSWER_ICMP)
				       ? HOOK_DROP
				       : lb_reply_ttl(ctx, &pass->pkt);
		}
		if (unlikely(pass->ct.mtu && pass->pkt.len > pass->ct.mtu) && !error &&
		    lb_too_long(ctx, pass)) {
			pass->reason = LB_PKT_TOO_BIG;
			return lb_reply_too_big(ctx, &pass->pkt, pass->ct.mtu);
		}
	}
	if (lb_ct_tunnels(pass)) {
		int verdict = lb_tunnel_send(ctx, pass);

		return verdict == HOOK_DROP ? lb_end(pass, LB_DROP_REWRITE, verdict) : verdict;
	}
	if (unlikely(!(error ? lb_nat_icmp(ctx, pass, hops) : lb_nat(ctx, pass, hops))))
		return lb_end(pass, LB_DROP_REWRITE, HOOK_DROP);
	if (out)
		return lb_leave(ctx, pass);
	return hook == LB_CT_INGRESS && unlikely(lb_bridged(pass)) ? hook_anew(ctx) : HOOK_PASS;
}

/* (d) and (e). True: there is a flow now. */
lb_inline bool lb_fresh(hook_ctx *ctx, struct lb_pass *pass, int *verdict)
{
	const struct lb_settings *set = lb_settings_get();
	enum lb_choice choice;

	if (set && unlikely(set->flags & LB_SET_ABOVE) && lb_translated_below(pass))
		return false;
	choice = lb_choose(pass, false);
	if (choice == LB_CHOICE_ASK) {
		if (lb_awaited(ctx, pass, HOOK_SOCKET_CONNECTED))
			return false;
		choice = lb_choose(pass, true);
	}
	if (unlikely(choice == LB_CHOICE_UNKNOWN))
		choice = lb_choose_unknown(pass);
	switch (choice) {
	case LB_CHOICE_OPEN:
		pass->reason = lb_ct_tunnels(pass) ? lb_open_tunnel(ctx, pass) : lb_open(ctx, pass);
		if (likely(!pass->reason))
			return true;
		*verdict = HOOK_DROP;
		return false;
	case LB_CHOICE_REJECT:
		*verdict = lb_reject(ctx, pass);
		return false;
	case LB_CHOICE_DROP:
		*verdict = HOOK_DROP;
		return false;
	default:
		if (unlikely(pass->reason == LB_PKT_REPLY_LOST) &&
		    lb_awaited(ctx, pass, HOOK_SOCKET_OPEN))
			pass->reason = LB_PKT_PASSED;
		if (lb_begins(&pass->pkt))
			lb_ct_direct(pass);
		return false;
	}
}

lb_inline int lb_pass_on(hook_ctx *ctx, struct lb_pass *pass, enum lb_ct_hook hook)
{
	int verdict = HOOK_PASS, track = LB_TRACK;
	bool fresh = false;

	if (unlikely(lb_rare(&pass->pkt)) && !lb_fragment(ctx, pass, &verdict))
		return verdict;
	/* The node of a backend has an entry of nearly each flow: it asks only where that is
	 * missing. */
	if (hook == LB_CT_INGRESS && unlikely(lb_untracked_maybe(&pass->pkt)))
		track = lb_tunnelled(&pass->pkt) ? LB_TRACK_FIRST : lb_stateless(ctx, pass, false);
	if (track <= LB_TRACK_FIRST && lb_known(ctx, pass))
		track = LB_TRACK_NOT;
	else if (unlikely(track == LB_TRACK_FIRST))
		track = lb_stateless(ctx, pass, true);
	if (unlikely(track == LB_TRACK_RACE))
		return lb_end(pass, LB_DROP_RACE, HOOK_DROP);
	if (track != LB_TRACK_NOT) {
		pass->reason = LB_PKT_PASSED;
		/* Of the fragments only a first one opens a flow: this one has lost its own. */
		if (unlikely(pass->pkt.flags & (LB_PACKET_ICMP_ERROR | LB_PACKET_FRAG_LATER)))
			return HOOK_PASS;
		fresh = hook == LB_CT_EGRESS ? lb_filter_moves(&pass->pkt) && lb_move(ctx, pass)
					     : lb_fresh(ctx, pass, &verdict);
		if (!fresh) {
			if (hook == LB_CT_EGRESS)
				lb_note_untranslated(pass);
			return verdict;
		}
	}
	verdict = lb_carry(ctx, pass, hook);
	/* Nobody will have heard of this flow. */
	if (unlikely(pass->reason == LB_DROP_REWRITE) && fresh)
		lb_ct_forget(pass);
	return verdict;
}

/* `l3` as in lb_parse(). */
lb_inline int lb_forward(hook_ctx *ctx, __u32 l3, enum lb_ct_hook hook)
{
	struct lb_pass pass;
	enum lb_reason other;
	int tunnel = false;

	if (hook == LB_CT_INGRESS) {
		if (unlikely(hook_arrived(ctx)))
			return HOOK_PASS;
		if (cfg_tunnel && unlikely(lb_tunnel_maybe(ctx, l3)))
			tunnel = lb_tunnel_open(ctx, l3);
	} else if (hook_sent(ctx)) {
		/* Translated where it came in. To conntrack it might look like a packet of the
		 * node's own that has our port (lb_move.h). */
		lb_count_packet(LB_PKT_PASSED, hook_len(ctx) - l3);
		return HOOK_PASS;
	}
	switch (lb_parse(ctx, l3, &pass.pkt)) {
	case LB_PARSED:
		if (unlikely(tunnel))
			pass.pkt.flags |= LB_PACKET_TUNNEL;
		else if (likely(lb_filter_shut(&pass.pkt, hook))) {
			other = LB_PKT_PASSED;
			break;
		}
		if (cfg_check_frame && l3 && hook == LB_CT_INGRESS && unlikely(!hook_ours(ctx)) &&
		    !lb_frame_upper(ctx)) {
			other = LB_PKT_OTHER_HOST;
			break;
		}
		lb_pass_begin(&pass, hook, hook_ifindex(ctx));
		return lb_finish(&pass, lb_pass_on(ctx, &pass, hook)); /* (b) to (h) */
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
	if (unlikely(tunnel) && !lb_tunnel_passes(ctx, l3)) {
		lb_count_packet(LB_DROP_TUNNEL, hook_len(ctx) - l3);
		return HOOK_DROP;
	}
	lb_count_packet(other, hook_len(ctx) - l3);
	return HOOK_PASS;
}

#endif
