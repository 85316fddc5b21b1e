/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How packets change the entries of their flow. Packets of both sides may be followed on two CPUs
 * at once, so phase and flags are changed together by an atomic, from what they are: phases only
 * rise, and of two FINs at least one sees the other.
 */
#ifndef LB_CT_FOLLOW_H
#define LB_CT_FOLLOW_H

#include "lb_affinity.h"
#include "lb_conntrack.h"
#include "lb_ct_udp.h"
#include "lb_trace_flow.h"
#include "lb_tunnel.h"

/* Ticks after which one who was not heard is called silent: longer than any round trip with a
 * delayed acknowledgement. */
#define LB_CT_SILENT 4

/* What the packet's flags leave in the entry of its direction. */
lb_inline __u32 lb_ct_marks(const struct lb_pass *pass)
{
	__u32 flags = pass->pkt.tcp_flags;

	return (flags & LB_TCP_FIN ? LB_CT_FIN : 0) | (flags & LB_TCP_RST ? LB_CT_RST : 0);
}

/* The phase after this packet. A FIN needs both entries: see lb_ct_follow(). */
lb_once int lb_ct_next_phase(const struct lb_pass *pass)
{
	__u8 phase, flags;
	bool reply;

	if (!pass)
		return LB_CT_NEW;
	phase = pass->ct.phase;
	flags = pass->pkt.tcp_flags;
	reply = pass->ct.flags & LB_CT_REPLY;
	/* One question and its answers may give way to others; when it is more, lb_ct_udp_tick()
	 * says. What a tunnel's backend answers does not come by: who asks again is believed. */
	if (pass->pkt.tuple.proto == IPPROTO_UDP)
		return phase == LB_CT_NEW && (reply || lb_ct_tunnels(pass)) ? LB_CT_ANSWERED
									    : phase;
	if (unlikely(flags & LB_TCP_RST))
		return phase == LB_CT_OPEN || phase == LB_CT_RESET ? LB_CT_RESET : LB_CT_CLOSED;
	/* Answers do not come by: what the client says counts alone. */
	if (lb_ct_tunnels(pass) && phase < LB_CT_OPEN)
		return flags & LB_TCP_SYN ? phase : LB_CT_OPEN;
	/* Only the one who is said to have ended it proves that he has not. What comes from the
	 * other one may have been under way, and a SYN begins something else. */
	if (unlikely(phase == LB_CT_RESET))
		return pass->ct.flags & LB_CT_RST && !(flags & LB_TCP_SYN) ? LB_CT_OPEN : phase;
	if (likely(phase >= LB_CT_OPEN))
		return phase;
	/* Of a moved connection what leaves is its client's. */
	if (reply && !lb_ct_moved(pass))
		return phase == LB_CT_NEW ? LB_CT_ANSWERED : phase;
	return phase == LB_CT_ANSWERED && !(flags & LB_TCP_SYN) ? LB_CT_OPEN : phase;
}

/* Whether a flow that a packet brought from phase `before` to its own stands in a ring anew. */
lb_inline bool lb_ct_pends(const struct lb_pass *pass, __u8 before, bool ticked)
{
	if (pass->ct.phase >= LB_CT_CLOSED)
		return ticked || before < LB_CT_CLOSED;
	return ticked && pass->ct.phase < LB_CT_OPEN;
}

/*
 * Whether the packet shows that the flow's client is there, and is not just what somebody wrote
 * into the source: the backend goes on after the handshake. The client's own ACK does not show it,
 * since its number is not looked at; a backend answers a wrong one with RST. UDP has no such thing:
 * there the answer counts. Of a flow in a tunnel no answer comes by: there the client is believed.
 */
lb_inline bool lb_ct_shows_client(const struct lb_pass *pass)
{
	const __u8 marks = LB_CT_AFFINITY | LB_CT_REPLY;

	if (likely(!(pass->ct.flags & LB_CT_AFFINITY)))
		return false;
	if (lb_ct_tunnels(pass))
		return pass->pkt.tuple.proto == IPPROTO_UDP || pass->ct.phase == LB_CT_OPEN;
	if (likely((pass->ct.flags & marks) != marks))
		return false;
	if (pass->pkt.tuple.proto == IPPROTO_UDP)
		return true;
	return pass->ct.phase >= LB_CT_OPEN && pass->ct.phase < LB_CT_CLOSED &&
	       !(pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_RST));
}

/* After lb_ct_shows_client(). A backend that has left the lists meanwhile gets no new connection,
 * and what the client was given since is not forgotten for it. */
lb_once int lb_ct_remember(const struct lb_pass *pass)
{
	struct lb_aff_key key = {.kind = LB_CLIENT_ADDR};

	if (!pass)
		return -EINVAL;
	if (!lb_backend_recall(pass->ct.backend_id, pass->ct.service_id,
			       LB_BACKEND_IN_CLUSTER | LB_BACKEND_IN_LOCAL))
		return -ENOENT;
	lb_copy16(key.client, lb_ct_tunnels(pass) ? pass->pkt.tuple.src : pass->to.dst);
	key.service_id = pass->ct.service_id;
	lb_affinity_remember(&key, pass->ct.backend_id);
	return 0;
}

/* Whether it changes anything. Few do: what is open mostly goes on. */
lb_inline bool lb_ct_moves(const struct lb_pass *pass, __u32 now)
{
	if (pass->ct.tick != now || unlikely(lb_ct_shows_client(pass)))
		return true;
	if (likely(pass->ct.phase == LB_CT_OPEN &&
		   !(pass->pkt.tcp_flags & (LB_TCP_FIN | LB_TCP_RST))))
		return false;
	return lb_ct_next_phase(pass) != pass->ct.phase || lb_ct_marks(pass) & ~pass->ct.flags;
}

/* In `set`: of a flow's two entries this one's changes count for the service. */
#define LB_CT_COUNTS 0x100

/* The backend of the pass's flow: where a request goes to, where a reply comes from. */
lb_inline __u32 lb_ct_backend_fold(const struct lb_pass *pass)
{
	return lb_addr_fold(pass->ct.flags & LB_CT_REPLY ? pass->pkt.tuple.src : pass->to.dst);
}

lb_inline __be16 lb_ct_backend_port(const struct lb_pass *pass)
{
	return pass->ct.flags & LB_CT_REPLY ? pass->pkt.tuple.sport : pass->to.dport;
}

/* The phase rises, `set` is set and `clear` cleared. With LB_CT_RST to be cleared it comes back
 * from LB_CT_RESET. */
lb_once int lb_ct_step(const struct lb_pass *pass, struct lb_ct_state *state, __u8 phase, __u32 set,
		       __u32 clear)
{
	union lb_ct_word seen = {}, next = {};

	if (!pass || !state)
		return false;
#pragma clang loop unroll(disable)
	for (int try = 0; try < LB_CT_STEP_TRIES; try++) {
		seen.word = READ_ONCE(*(__u32 *)&state->mtu);
		next = seen;
		next.flags = (seen.flags & ~clear) | set;
		if (phase > seen.phase || (clear & LB_CT_RST && seen.phase == LB_CT_RESET))
			next.phase = phase;
		if (next.word == seen.word ||
		    __sync_val_compare_and_swap((__u32 *)&state->mtu, seen.word, next.word) ==
			    seen.word)
			break;
	}
	if (likely(seen.phase >= LB_CT_CLOSED == next.phase >= LB_CT_CLOSED) ||
	    !(set & LB_CT_COUNTS))
		return true;
	if (next.phase >= LB_CT_CLOSED)
		lb_ended(pass->ct.service_id, pass->ct.backend_id, lb_ct_backend_fold(pass),
			 lb_ct_backend_port(pass));
	else
		lb_resumed(pass->ct.service_id, pass->ct.backend_id, lb_ct_backend_fold(pass),
			   lb_ct_backend_port(pass));
	lb_trace_flow(pass,
		      next.phase < LB_CT_CLOSED		 ? LB_TRACE_RESUMED
		      : pass->pkt.tcp_flags & LB_TCP_RST ? LB_TRACE_RESET
							 : LB_TRACE_CLOSED,
		      LB_TRACE_AT_ANY);
	return true;
}

/* Of an open connection an entry's tick is that of its own direction alone, which tells a side that
 * is silent. Else it is that of both. */
lb_inline bool lb_ct_own_ticks(const struct lb_pass *pass, __u8 phase)
{
	return pass->pkt.tuple.proto != IPPROTO_UDP && pass->ct.phase >= LB_CT_OPEN &&
	       pass->ct.phase < LB_CT_CLOSED && phase < LB_CT_CLOSED;
}

/* The other entry of the flow, after a packet of this one. */
lb_inline void lb_ct_follow_other(const struct lb_pass *pass, struct lb_ct_state *other, __u8 phase,
				  __u32 clear, __u32 now)
{
	bool reply = pass->ct.flags & LB_CT_REPLY;
	bool udp = pass->pkt.tuple.proto == IPPROTO_UDP;

	/* Not `now`: its own next packet shall find a tick to be over, and look for its route
	 * again. */
	if (udp && reply && phase < LB_CT_OPEN)
		lb_ct_udp_tick(pass, other, now - 1);
	else if (!lb_ct_own_ticks(pass, phase) && other->tick != now)
		other->tick = now - 1;
	if (!reply && other->oif != pass->ifindex) {
		other->oif = pass->ifindex;
		if (other->tick == now)
			other->tick = now - 1;
	}
	lb_ct_step(pass, other, phase, reply ? LB_CT_COUNTS : 0, clear | (udp ? 0 : LB_CT_UNACKED));
}

enum lb_ct_followed {
	LB_CT_BOTH,
	LB_CT_ALONE,   /* the other entry is lost */
	LB_CT_FOREIGN, /* its place belongs to another flow */
};

/* Both entries and the pass's copy after its packet. */
lb_once enum lb_ct_followed lb_ct_follow_both(struct lb_pass *pass, __u32 now)
{
	struct lb_ct_state *own, *other;
	__u32 set, counts, clear = 0;
	bool ours, tunnels;
	__u8 phase;

	if (!pass)
		return LB_CT_FOREIGN;
	tunnels = lb_ct_tunnels(pass);
	other = tunnels ? NULL : lb_ct_state(pass, true, &ours);
	if (!tunnels && !ours)
		return LB_CT_FOREIGN;
	phase = lb_ct_next_phase(pass);
	if (pass->ct.phase == LB_CT_RESET && phase < LB_CT_RESET)
		clear = LB_CT_RST;
	if (lb_ct_shows_client(pass))
		clear |= LB_CT_AFFINITY;
	set = lb_ct_marks(pass);
	/* Into a tunnel the other side's FIN does not come by. */
	if (set & LB_CT_FIN && phase < LB_CT_CLOSING)
		phase = tunnels ? LB_CT_CLOSED : LB_CT_CLOSING;
	if (pass->pkt.flags & LB_PACKET_DATA && lb_ct_own_ticks(pass, phase) && other &&
	    (__s32)(now - other->tick) >= LB_CT_SILENT)
		set |= LB_CT_UNACKED;
	own = lb_ct_state(pass, false, &ours);
	if (own && pass->pkt.tuple.proto == IPPROTO_UDP && phase < LB_CT_OPEN &&
	    !(pass->ct.flags & LB_CT_REPLY) && lb_ct_udp_tick(pass, own, now)) {
		phase = LB_CT_OPEN;
		clear |= LB_CT_AGE;
	}
	counts = pass->ct.flags & LB_CT_REPLY && other ? 0 : LB_CT_COUNTS;
	if (own) {
		own->tick = now;
		lb_ct_step(pass, own, phase, set | counts, clear);
	}
	/* Looked for when our own can be seen: a CPU with the other side's does the same. */
	if (set & LB_CT_FIN && other && READ_ONCE(other->flags) & LB_CT_FIN) {
		phase = LB_CT_CLOSED;
		if (own)
			lb_ct_step(pass, own, phase, counts, clear);
	}
	if (other)
		lb_ct_follow_other(pass, other, phase, clear & LB_CT_RST, now);
	pass->ct.phase = phase;
	pass->ct.flags = (pass->ct.flags & ~clear) | set;
	pass->ct.tick = now;
	return other || tunnels ? LB_CT_BOTH : LB_CT_ALONE;
}

/*
 * Brings both entries up to date: phase, tick; makes the other one again if it was lost. False: the
 * other's place belongs to another flow, so this one is a left-over and is gone now.
 */
lb_once int lb_ct_follow(struct lb_pass *pass, __u32 now)
{
	enum lb_ct_followed followed;
	__u8 before;

	if (!pass)
		return false;
	before = pass->ct.flags;
	followed = lb_ct_follow_both(pass, now);
	if (followed != LB_CT_BOTH && followed != LB_CT_ALONE) {
		if (pass->ct.phase < LB_CT_CLOSED)
			lb_ended(pass->ct.service_id, pass->ct.backend_id, lb_ct_backend_fold(pass),
				 lb_ct_backend_port(pass));
		lb_ct_delete(pass, false);
		return false;
	}
	if (before & ~pass->ct.flags & LB_CT_AFFINITY)
		lb_ct_remember(pass);
	if (followed == LB_CT_ALONE && !lb_ct_put_other(pass))
		lb_count(LB_CT_REBUILT);
	return true;
}

/* Whether the backend of the flow is in no list of its service any more. */
lb_inline bool lb_ct_unserved(const struct lb_pass *pass)
{
	const struct lb_backend *backend =
		lb_backend_recall(pass->ct.backend_id, pass->ct.service_id,
				  LB_BACKEND_IN_CLUSTER | LB_BACKEND_IN_LOCAL | LB_BACKEND_KEEPS);

	/* Ids may mean others when the maps were made anew (docs/decisions/0007). */
	return !backend || backend->port != pass->to.dport ||
	       !lb_same16(backend->addr, pass->to.dst);
}

/*
 * Whether a connection that begins would go into a flow that leads nowhere: its backend is in no
 * list any more. An established one whose backend still talks is left to it, whoever sent the SYN.
 */
lb_once int lb_ct_deserted(const struct lb_pass *pass)
{
	const struct lb_ct_state *reply;
	bool ours;

	if (!pass || !lb_ct_unserved(pass))
		return false;
	if (pass->ct.phase != LB_CT_OPEN && pass->ct.phase != LB_CT_CLOSING)
		return true;
	reply = lb_ct_state(pass, true, &ours);
	return !reply || !ours || (__s32)(lb_ct_now() - reply->tick) >= LB_CT_SILENT;
}

/* Whether the flow's tunnel ends at its backend's node: the id may be another backend's now. */
lb_inline bool lb_ct_leads(const struct lb_pass *pass)
{
	const struct lb_backend *backend = lb_backend_get(pass->ct.backend_id);
	const struct lb_settings *set = lb_settings_get();

	return backend && set && READ_ONCE(backend->service_id) == pass->ct.service_id &&
	       backend->port == pass->to.dport && lb_same16(backend->addr, pass->to.dst) &&
	       lb_tunnel_to(set, backend);
}

/* Whether the packet begins anew what the entry knows: a SYN or INIT after the end or to a backend
 * that is gone, or a datagram to one that does not serve any more. One FIN is no end: anybody can
 * write it, and the backend answers a SYN in its connection as TCP does. */
lb_inline bool lb_ct_outdated(const struct lb_pass *pass)
{
	/* Of when there were tunnels. */
	if (!cfg_tunnel && unlikely((pass->ct.flags & (LB_CT_DIRECT | LB_CT_SNAT)) == LB_CT_DIRECT))
		return true;
	if (pass->pkt.flags & LB_PACKET_ICMP_ERROR)
		return false;
	/* The backend is gone, or no tunnel leads to it any more. */
	if (unlikely(lb_ct_tunnels(pass) && !lb_ct_leads(pass)))
		return true;
	/* A SYN+ACK to a client that has sent its SYN past the frontend (lb_ct_direct()). And a SYN
	 * from a port whose connection was moved to another one and has ended. */
	if (pass->ct.flags & LB_CT_REPLY)
		return pass->pkt.tcp_flags & LB_TCP_SYN && pass->hook == LB_CT_EGRESS &&
		       (pass->ct.mtu == LB_CT_CONTESTED ||
			(lb_ct_moved(pass) && pass->ct.phase >= LB_CT_CLOSING));
	if (pass->pkt.tuple.proto == IPPROTO_UDP)
		return lb_ct_unserved(pass);
	if ((pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) != LB_TCP_SYN)
		return false;
	if (pass->ct.phase == LB_CT_CLOSED)
		/* That of a flow in a tunnel may be one FIN: not while its client goes on. */
		return !lb_ct_tunnels(pass) || (__s32)(lb_ct_now() - pass->ct.tick) >= LB_CT_SILENT;
	return lb_ct_deserted(pass);
}

/* Takes out the flow of the packet. */
lb_once int lb_ct_forget(const struct lb_pass *pass)
{
	struct lb_ct_key6 key;

	if (!pass)
		return false;
	lb_ct_key6_of(&key, &pass->pkt.tuple, pass->hook);
	return lb_ct_remove(&key, LB_CT_ANY);
}

#endif
