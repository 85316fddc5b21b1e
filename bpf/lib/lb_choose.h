/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Of a packet without a flow: whether its destination is a frontend, which backend, and how the
 * packet gets there. */
#ifndef LB_CHOOSE_H
#define LB_CHOOSE_H

#include "lb_device.h"
#include "lb_draw.h"
#include "lb_frontend.h"
#include "lb_martian.h"
#include "lb_select.h"
#include "lb_tunnel.h"
#include "lb_unknown.h"

enum lb_choice {
	LB_CHOICE_NONE, /* not a frontend of ours */
	LB_CHOICE_OPEN, /* walk->to and walk->ct say where to */
	LB_CHOICE_REJECT,
	LB_CHOICE_DROP,	   /* walk->reason says why, as of a reject */
	LB_CHOICE_UNKNOWN, /* not a frontend, but perhaps an address of services */
	LB_CHOICE_ASK,	   /* a frontend, but perhaps of others: see lb_choose() */
};

lb_inline bool lb_detector(const struct lb_settings *set, __u8 family)
{
	return set->flags & (LB_SET_PODS_DEVICE | (family == 4 ? LB_SET_PODS4 : LB_SET_PODS6));
}

/* In one of the ranges. Without a branch for each, as the verifier would pass every way from there:
 * the highest bit of x | -x says that x is not 0. */
lb_inline bool lb_pod_address(const struct lb_settings *set, const struct lb_tuple *at)
{
	__u32 miss = ~0U, other;

	if (!(set->flags & (at->family == 4 ? LB_SET_PODS4 : LB_SET_PODS6)))
		return false;
	if (at->family == 4) {
#pragma unroll
		for (int i = 0; i < LB_POD_RANGES; i++) {
			other = (at->src[3] & set->pods4_mask[i]) ^ set->pods4[i];
			lb_pin(other);
			miss &= other | -other;
		}
	} else {
#pragma unroll
		for (int i = 0; i < LB_POD_RANGES; i++) {
			other = ((at->src[0] & set->pods6_mask[i][0]) ^ set->pods6[i][0]) |
				((at->src[1] & set->pods6_mask[i][1]) ^ set->pods6[i][1]) |
				((at->src[2] & set->pods6_mask[i][2]) ^ set->pods6[i][2]) |
				((at->src[3] & set->pods6_mask[i][3]) ^ set->pods6[i][3]);
			lb_pin(other);
			miss &= other | -other;
		}
	}
	lb_pin(miss);
	return !(miss >> 31);
}

lb_inline __u32 lb_device_flags(__u32 ifindex)
{
	const struct lb_device *device = lb_device_get(ifindex);

	return device ? device->flags : 0;
}

/* docs/contract.md 5.2, in its order: pod, node, anything else. Where packets come from outside,
 * one with an address of this node is none of its pods', whatever their range. The device is looked
 * for only where it makes a difference: for most clients outside it does not. */
lb_inline enum lb_source lb_source_of(const struct lb_settings *set, const struct lb_tuple *at,
				      __u32 ifindex, struct lb_addr *scratch)
{
	bool pod = lb_pod_address(set, at);

	if (pod || set->flags & LB_SET_PODS_DEVICE) {
		__u32 flags = lb_device_flags(ifindex);

		if ((set->flags & LB_SET_PODS_DEVICE && flags & LB_DEVICE_DETECT) ||
		    (pod && flags & LB_DEVICE_POD))
			return LB_FROM_POD;
	}
	lb_copy16(scratch->addr, at->src);
	/* With broadcasts: from outside neither is anybody's. */
	if (lb_node_addr_entry(scratch))
		return LB_FROM_NODE;
	return pod ? LB_FROM_POD : LB_FROM_OUTSIDE;
}

/* Where kube-proxy would change the source too (docs/contract.md 5.2), hairpins aside. */
lb_inline bool lb_masquerade(const struct lb_settings *set, __u32 service_flags,
			     enum lb_source source, __u8 family)
{
	if (!(service_flags & LB_SERVICE_EXTERNAL)) {
		if (set->flags & LB_SET_MASQUERADE_ALL)
			return true;
		return source != LB_FROM_POD && lb_detector(set, family);
	}
	return service_flags & LB_SERVICE_LOCAL ? source == LB_FROM_NODE : true;
}

/* Where the local ports of most systems begin: what comes from there is a client, not a backend. */
#define LB_LOCAL_PORTS 32768

/* To a source port of ours, and like a reply; unless a socket has it, that is a reply whose flow is
 * lost. Any datagram may look so: where pods are known by their addresses one from elsewhere is a
 * client's, as of a pod's port that is the node's (hostPort). */
lb_inline bool lb_like_reply(const struct lb_pass *pass, const struct lb_settings *set)
{
	const struct lb_tuple *at = &pass->pkt.tuple;
	__u16 port = bpf_ntohs(at->dport);

	if (port < set->snat_port_first || port > set->snat_port_last ||
	    bpf_ntohs(at->sport) >= LB_LOCAL_PORTS ||
	    (pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) == LB_TCP_SYN)
		return false;
	return at->proto == IPPROTO_TCP ||
	       !(set->flags & (at->family == 4 ? LB_SET_PODS4 : LB_SET_PODS6)) ||
	       lb_pod_address(set, at);
}

/* To no frontend. Two kinds are worth a word: what asks a loopback address for a NodePort from
 * outside, and what a SNATed flow of ours should have taken. */
lb_inline enum lb_choice lb_choose_none(struct lb_pass *pass, const struct lb_settings *set,
					const struct lb_addr *dst)
{
	pass->reason = LB_PKT_PASSED;
	if (unlikely(lb_node_port_range(set, dst->port)) &&
	    (lb_addr_loopback4(dst) || lb_addr_loopback6(dst))) {
		pass->reason = LB_DROP_LOOPBACK;
		return LB_CHOICE_DROP;
	}
	if (unlikely(lb_like_reply(pass, set)) && lb_node_addr_get(dst))
		pass->reason = LB_PKT_REPLY_LOST;
	return unlikely(lb_unknown_near(set, dst)) ? LB_CHOICE_UNKNOWN : LB_CHOICE_NONE;
}

/* After LB_CHOICE_UNKNOWN, which leaves the destination in pass->ask[0]. */
lb_inline enum lb_choice lb_choose_unknown(struct lb_pass *pass)
{
	switch (lb_unknown(&pass->ask[0], &pass->ct.service_id)) {
	case LB_REFUSE:
		pass->reason = LB_PKT_UNKNOWN_PORT;
		return LB_CHOICE_REJECT;
	case LB_DROP:
		pass->reason = LB_DROP_UNALLOCATED;
		return LB_CHOICE_DROP;
	default:
		return LB_CHOICE_NONE;
	}
}

/* Of what leaves, and is no flow's: if it asks a ClusterIP, who sent it is behind no hook. */
lb_inline void lb_note_untranslated(struct lb_pass *pass)
{
	const struct lb_settings *set = lb_settings_get();
	struct lb_addr *dst = &pass->ask[0];

	lb_addr_dst(dst, &pass->pkt.tuple);
	if (set && unlikely(lb_unknown_near(set, dst)) &&
	    lb_unknown(dst, &pass->ct.service_id) == LB_REFUSE)
		pass->reason = LB_PKT_UNTRANSLATED;
}

lb_inline void lb_choose_to(struct lb_pass *pass, const struct lb_settings *set,
			    const struct lb_pick *pick, enum lb_source source)
{
	const struct lb_tuple *at = &pass->pkt.tuple;
	const struct lb_backend *backend = pick->backend;
	bool local = backend->flags & LB_BACKEND_LOCAL;
	bool snat, tunnel;

	lb_copy16(pass->to.src, at->src);
	lb_copy16(pass->to.dst, backend->addr);
	pass->to.sport = at->sport;
	pass->to.dport = backend->port;
	pass->to.proto = at->proto;
	pass->to.family = at->family;
	pass->to.pad = 0;
	/* A hairpin: the backend would answer itself. */
	snat = lb_same16(pass->to.src, pass->to.dst) ||
	       (lb_masquerade(set, pick->flags, source, at->family) &&
		(!local || set->flags & LB_SET_ALWAYS_SNAT || backend->flags & LB_BACKEND_ON_WIRE));
	pass->ct.service_id = pick->service_id;
	pass->ct.backend_id = pick->backend_id;
	pass->ct.oif = 0;
	pass->ct.mtu = 0;
	pass->ct.tick = lb_ct_now();
	pass->ct.phase = LB_CT_NEW;
	/* What has come in a tunnel goes no further in one. Nor does what another node has sent
	 * from its own address: the backend may be there, where such a source is nobody's. Nor a
	 * NodePort at an address that no Node object has: the backend's node would not know it. */
	tunnel = cfg_tunnel && pick->flags & LB_SERVICE_DSR && snat && !local &&
		 source == LB_FROM_OUTSIDE && !lb_tunnelled(&pass->pkt) &&
		 !lb_node_known(at->src) &&
		 (!(pick->flags & LB_SERVICE_NODE_PORT) || lb_node_known(at->dst)) &&
		 lb_tunnel_to(set, backend);
	pass->ct.flags = tunnel	 ? LB_CT_DIRECT
			 : !snat ? LB_CT_STACK
			 : local ? LB_CT_SNAT | LB_CT_DIRECT
				 : LB_CT_SNAT;
	if (pick->flags & LB_SERVICE_AFFINITY)
		pass->ct.flags |= LB_CT_AFFINITY;
}

/* Whether the packet, to a frontend, may be a reply to a connection that the node began or that
 * netfilter masquerades with the node's address, or be of a connection that netfilter translated
 * before we were here. Neither goes on with a SYN. Of SCTP nobody can be asked: only what may be
 * a reply is. */
lb_inline bool lb_may_be_others(const struct lb_pass *pass, const struct lb_addr *dst)
{
	return (pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) != LB_TCP_SYN &&
	       (pass->pkt.tuple.proto != IPPROTO_SCTP || lb_node_addr_get(dst));
}

/* What a choice needs beside the packet: off the stack, which is short. One packet at a time comes
 * in on a CPU. */
struct lb_choosing {
	struct lb_service svc;
	struct lb_client client;
};

_Static_assert(sizeof(struct lb_choosing) <= sizeof(((struct lb_scratch *)0)->words),
	       "lb_scratch is too small");

/*
 * LB_CHOICE_ASK: whether somebody waits for this packet has to be found out with its context, which
 * is not here; if nobody does, call again with `asked`. Only what would open a flow pays for it.
 */
lb_once enum lb_choice lb_choose(struct lb_pass *pass, bool asked)
{
	const struct lb_settings *set = lb_settings_get();
	struct lb_choosing *choosing;
	struct lb_client *client;
	struct lb_pick pick;
	struct lb_addr *dst, *key;
	enum lb_verdict verdict;
	enum lb_lookup lookup;
	__u32 zero = 0, flags;

	choosing = bpf_map_lookup_elem(&lb_scratch, &zero);
	if (!pass || !set || !choosing)
		return LB_CHOICE_NONE;
	client = &choosing->client;
	pass->ct.service_id = 0;
	dst = &pass->ask[0];
	key = &pass->ask[1];
	lb_addr_dst(dst, &pass->pkt.tuple);
	flags = set->flags & ~(LB_SET_LOOPBACK4 | LB_SET_LOOPBACK6);
	/* A NodePort of the node that has sent it: here its address is nobody's. */
	if (unlikely(lb_tunnelled(&pass->pkt)) && lb_node_port_range(set, dst->port) &&
	    lb_node_known(dst->addr)) {
		lb_node_port_key(dst, dst);
		flags |= LB_SET_LOOPBACK4 | LB_SET_LOOPBACK6;
	}
	lookup = lb_frontend_find(dst, set, flags, key, &choosing->svc);
	if (unlikely(lb_tunnelled(&pass->pkt)) && lookup == LB_LOOKUP_NONE) {
		pass->reason = LB_DROP_TUNNEL;
		return LB_CHOICE_DROP;
	}
	if (likely(lookup == LB_LOOKUP_NONE))
		return lb_choose_none(pass, set, dst);
	/* Whatever it answers, it was no question to a frontend. */
	if (unlikely(pass->pkt.tcp_flags & LB_TCP_SYN && pass->pkt.tcp_flags & LB_TCP_ACK))
		return LB_CHOICE_NONE;
	/* Of SCTP neither a socket nor netfilter's connections can be asked for by a program. */
	if (!asked && !lb_tunnelled(&pass->pkt) && lb_may_be_others(pass, dst))
		return pass->pkt.tuple.proto == IPPROTO_SCTP ? LB_CHOICE_NONE : LB_CHOICE_ASK;
	if (unlikely(pass->pkt.tcp_flags & LB_TCP_RST)) {
		pass->reason = LB_DROP_NO_FLOW;
		return LB_CHOICE_DROP;
	}

	client->source = lb_source_of(set, &pass->pkt.tuple, pass->ifindex, dst);
	if (unlikely(lb_martian(&pass->pkt.tuple) ||
		     (client->source == LB_FROM_NODE &&
		      !(lb_device_flags(pass->ifindex) & LB_DEVICE_POD)))) {
		pass->reason = LB_DROP_MARTIAN;
		return LB_CHOICE_DROP;
	}
	lb_copy16(client->affinity.client, pass->pkt.tuple.src);
	client->affinity.service_id = 0;
	client->affinity.kind = LB_CLIENT_ADDR;
	client->dice = lb_packet_dice(&choosing->svc, &pass->pkt.tuple);
	if (unlikely(lb_tunnelled(&pass->pkt)))
		lb_choose_here(&pass->pkt.tuple, &choosing->svc, &client->dice);
	verdict = lb_select(key, key, lookup, &choosing->svc, client, LB_ASKS_PACKET, &pick);
	pass->ct.service_id = pick.service_id;
	switch (verdict) {
	case LB_FORWARD:
		/* Looked up again: the stack is short. */
		set = lb_settings_get();
		if (!set)
			return LB_CHOICE_NONE;
		lb_choose_to(pass, set, &pick, client->source);
		return LB_CHOICE_OPEN;
	case LB_REFUSE:
		if (pick.reason != LB_DROP_RACE) {
			pass->reason = LB_PKT_REJECTED;
			return LB_CHOICE_REJECT;
		}
		/* fallthrough */
	case LB_DROP:
		pass->reason = pick.reason;
		return LB_CHOICE_DROP;
	default:
		return LB_CHOICE_NONE;
	}
}

#endif
