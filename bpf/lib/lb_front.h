/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets that never meet the stack, in front of it: those between a client and a backend of
 * another node, which leave with an address of this one, or in a tunnel, and those that are dropped
 * instead of beginning a flow. Everything else goes on to tc as it came. A client that begins is
 * given a backend and a flow here, by the same functions and in the same tables as at tc, whether
 * or not its packet then leaves here; a flow that is known is followed here if its packets leave
 * here. Only frames for the device's own address whose checksum is complete get so far. Nothing is
 * answered, and a packet is counted only where it ends.
 */
#ifndef LB_FRONT_H
#define LB_FRONT_H

#include "lb_awaited.h"
#include "lb_device.h"
#include "lb_drop.h"
#include "lb_filter.h"
#include "lb_known.h"
#include "lb_nat.h"
#include "lb_neighbour.h"
#include "lb_open.h"
#include "lb_stats.h"
#include "lb_tunnel_head.h"
#include "lb_untracked.h"

/* In the link header: where the protocol is, and bytes of a VLAN's tag. */
#define LB_ETH_PROTO 12
#define LB_VLAN_TAG  4

/* A packet of a flow leaves here. */
lb_inline void lb_front_count(const struct lb_pass *pass, enum lb_reason reason)
{
	lb_count_packet(reason, pass->pkt.len);
	lb_count(LB_PKT_XDP);
	if (cfg_traffic)
		lb_traffic_count(pass, reason);
}

/* The frame is for the device that it came in by, as `mac` has it. */
lb_inline bool lb_front_frame(hook_ctx *ctx, const __u8 *mac)
{
	const __u8 *to = lb_at(ctx, 0, sizeof(struct ethhdr));

	return to && !((to[0] ^ mac[0]) | (to[1] ^ mac[1]) | (to[2] ^ mac[2]) | (to[3] ^ mac[3]) |
		       (to[4] ^ mac[4]) | (to[5] ^ mac[5]));
}

/* The checksum is complete. One that is left to the device only the kernel can finish. */
HOOK_ONCE int lb_front_finished(hook_ctx *ctx, const struct lb_pass *pass)
{
	const __be16 *l4;

	if (!pass)
		return false;
	if (pass->pkt.tuple.proto == IPPROTO_UDP) {
		l4 = lb_at(ctx, pass->pkt.l4, 8);
		return l4 && !(l4[LB_UDP_CSUM_OFF / 2] &&
			       lb_csum_unfinished(ctx, &pass->pkt, l4[LB_UDP_CSUM_OFF / 2]));
	}
	l4 = lb_at(ctx, pass->pkt.l4, 20);
	return l4 && !lb_csum_unfinished(ctx, &pass->pkt, l4[LB_TCP_CSUM_OFF / 2]);
}

/* Whether the pass's flow is between a client and a backend of another node. */
lb_inline bool lb_front_remote(const struct lb_pass *pass)
{
	const __u8 way = LB_CT_SNAT | LB_CT_STACK | LB_CT_DIRECT;

	return (pass->ct.flags & way) == LB_CT_SNAT || lb_ct_tunnels(pass);
}

/* By its way, without an answer to who sent it. */
lb_inline bool lb_front_fits(const struct lb_pass *pass)
{
	return pass->ct.oif && pass->ct.mtu && pass->pkt.len <= pass->ct.mtu && pass->pkt.ttl > 1;
}

/* The frame is for the device's own address, and the checksum complete: what is written about the
 * packet's flow would be written by tc, too. */
HOOK_ONCE int lb_front_counts(hook_ctx *ctx, const struct lb_pass *pass)
{
	const struct lb_device *in;

	if (!pass)
		return false;
	in = lb_device_get(pass->ifindex);
	return in && !(in->flags & LB_DEVICE_BARE) && lb_front_frame(ctx, in->mac) &&
	       lb_front_finished(ctx, pass);
}

/*
 * A packet without a flow that may begin one: a backend is chosen, as tc would, and the flow
 * opened, wherever the backend is. What does not leave here finds its flow at tc, so that each
 * client is chosen for once. LB_CHOICE_OPEN: there is a flow now; LB_CHOICE_DROP: pass->reason says
 * why there is none; else the packet is for tc.
 */
lb_inline enum lb_choice lb_front_fresh(hook_ctx *ctx, struct lb_pass *pass)
{
	const struct lb_settings *set = lb_settings_get();
	enum lb_choice choice;

	if (!lb_begins(&pass->pkt) || !set || set->flags & LB_SET_ABOVE ||
	    !lb_front_counts(ctx, pass))
		return LB_CHOICE_NONE;
	choice = lb_choose(pass, false);
	if (choice == LB_CHOICE_ASK) {
		/* Sockets that are bound to a VLAN or bond are not found from the device below. */
		if (pass->ifindex != hook_port(ctx) || lb_awaited(ctx, pass, HOOK_SOCKET_CONNECTED))
			return LB_CHOICE_NONE;
		choice = lb_choose(pass, true);
	}
	if (choice != LB_CHOICE_OPEN)
		return choice;
	pass->reason = lb_ct_tunnels(pass) ? lb_open_tunnel(ctx, pass) : lb_open(ctx, pass);
	return pass->reason ? LB_CHOICE_DROP : LB_CHOICE_OPEN;
}

/* LB_CHOICE_OPEN: the packet has a flow, which knows of it now. */
lb_inline enum lb_choice lb_front_flow(hook_ctx *ctx, struct lb_pass *pass)
{
	__u32 now;

	if (!lb_ct_find(pass))
		return lb_front_fresh(ctx, pass);
	if (!lb_front_remote(pass))
		return LB_CHOICE_NONE;
	if (unlikely(lb_ct_outdated(pass))) {
		if (!lb_front_counts(ctx, pass))
			return LB_CHOICE_NONE;
		lb_ct_forget(pass);
		/* Somebody may have to be asked. */
		if (lb_untracked_maybe(&pass->pkt))
			return LB_CHOICE_NONE;
		return lb_front_fresh(ctx, pass);
	}
	now = lb_ct_now();
	if (likely(!lb_ct_moves(pass, now)))
		return LB_CHOICE_OPEN;
	/* What begins and ends at once tc would take for two packets. */
	if ((pass->pkt.tcp_flags & (LB_TCP_SYN | LB_TCP_FIN)) == (LB_TCP_SYN | LB_TCP_FIN) ||
	    !lb_front_counts(ctx, pass) || !lb_refresh(ctx, pass, now))
		return LB_CHOICE_NONE;
	return LB_CHOICE_OPEN;
}

/* The VLAN that a frame with a tag is for, on the device that it came in by. 0: none that XDP knows
 * of, or a tag of another kind. */
HOOK_ONCE __u32 lb_front_vlan(hook_ctx *ctx)
{
	const __be16 *tag = lb_at(ctx, LB_ETH_PROTO, LB_VLAN_TAG);
	struct lb_vlan key = {.lower = hook_ifindex(ctx)};
	const __u32 *vlan;

	/* By the stack a VLAN's own device has its program. */
	if (cfg_xdp_generic || !tag || tag[0] != bpf_htons(ETH_P_8021Q))
		return 0;
	key.vlan = tag[1] & bpf_htons(LB_VLAN_ID);
	vlan = bpf_map_lookup_elem(&lb_vlans, &key);
	return vlan ? *vlan : 0;
}

lb_inline __u32 lb_front_link(const struct lb_neighbour *neighbour)
{
	return neighbour->vlan ? ETH_HLEN + LB_VLAN_TAG : ETH_HLEN;
}

/* The link header; the protocol behind a tag is there already. */
lb_inline bool lb_front_head(hook_ctx *ctx, const struct lb_neighbour *neighbour)
{
	void *head = lb_at(ctx, 0, ETH_HLEN + LB_VLAN_TAG);
	__be16 *tag = head + LB_ETH_PROTO;

	if (!head)
		return false;
	__builtin_memcpy(head, neighbour->head, sizeof(neighbour->head));
	if (neighbour->vlan) {
		tag[0] = bpf_htons(ETH_P_8021Q);
		tag[1] = neighbour->vlan;
	}
	return true;
}

lb_inline int lb_front_send(const struct lb_neighbour *neighbour)
{
	return neighbour->way == LB_FRONT_SEND ? XDP_TX : bpf_redirect(neighbour->port, 0);
}

lb_inline int lb_front_leave(hook_ctx *ctx, struct lb_pass *pass,
			     const struct lb_neighbour *neighbour)
{
	int more = (int)lb_front_link(neighbour) - pass->pkt.l3;
	__u32 diff;

	/* Before anything is written: what cannot have more room goes on as it is. */
	if (unlikely(more)) {
		if (pass->pkt.l4 + more > LB_REACH || hook_grow(ctx, more))
			return XDP_PASS;
		pass->pkt.l3 += more;
		pass->pkt.l4 += more;
	}
	if (!lb_nat_addr(ctx, pass, 1, &diff) || !lb_nat_l4(ctx, pass, diff, true))
		return XDP_DROP;
	if (!lb_front_head(ctx, neighbour))
		return XDP_DROP;
	lb_front_count(pass, pass->ct.flags & LB_CT_REPLY ? LB_PKT_REPLY : LB_PKT_TO_REMOTE);
	return lb_front_send(neighbour);
}

/* In the tunnel between the ends that are in `to`. What cannot have more room goes on as it is. */
HOOK_ONCE int lb_front_tunnel(hook_ctx *ctx, struct lb_pass *pass,
			      const struct lb_neighbour *neighbour)
{
	struct lb_tunnel_ends ends;
	__u32 head, link;
	__be16 *proto;
	bool v4;

	if (!pass || !neighbour)
		return XDP_PASS;
	v4 = pass->to.family == 4;
	head = lb_tunnel_head(v4);
	link = lb_front_link(neighbour);
	if (hook_grow(ctx, (int)(link + head) - pass->pkt.l3))
		return XDP_PASS;
	lb_copy16(ends.src, pass->to.src);
	lb_copy16(ends.dst, pass->to.dst);
	pass->pkt.l3 = link + head;
	if (!lb_hop(ctx, &pass->pkt) || lb_tunnel_write(ctx, pass, &ends, link))
		return XDP_DROP;
	proto = lb_at(ctx, link - sizeof(*proto), sizeof(*proto));
	if (!proto)
		return XDP_DROP;
	*proto = v4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	if (!lb_front_head(ctx, neighbour))
		return XDP_DROP;
	if (pass->pkt.flags & LB_PACKET_UNTRACKED)
		lb_untracked_begun(pass);
	lb_front_count(pass, lb_untracked_reason(pass));
	return lb_front_send(neighbour);
}

/* What the packet of a flow in a tunnel leaves as: the outer header's ends. Apart, as the program's
 * own stack is short. */
HOOK_ONCE int lb_front_ends(struct lb_pass *pass)
{
	struct lb_tunnel_ends ends;

	if (!pass || !lb_tunnel_ends(&ends, pass))
		return false;
	lb_copy16(pass->to.src, ends.src);
	lb_copy16(pass->to.dst, ends.dst);
	pass->to.family = lb_mapped(ends.dst) ? 4 : 6;
	return true;
}

/* enum lb_track of the packet; LB_TRACK_FIRST: its flow has an entry. */
lb_inline int lb_front_track(struct lb_pass *pass)
{
	int track;

	if (likely(!lb_untracked_maybe(&pass->pkt)))
		return LB_TRACK;
	track = lb_untracked(pass, false);
	if (track == LB_TRACK_FIRST && !lb_ct_find(pass))
		track = lb_untracked(pass, true);
	return track;
}

/* Where it leaves, or NULL: it is for tc. */
lb_inline const struct lb_neighbour *lb_front_to(hook_ctx *ctx, struct lb_pass *pass)
{
	const struct lb_neighbour *neighbour;

	if (!(pass->pkt.flags & LB_PACKET_UNTRACKED))
		return lb_neighbour_of(ctx, pass);
	neighbour = lb_neighbour_tunnel(ctx, pass);
	return neighbour && pass->pkt.len <= pass->ct.mtu ? neighbour : NULL;
}

lb_inline int lb_front(hook_ctx *ctx)
{
	const struct lb_neighbour *neighbour;
	enum lb_choice choice;
	struct lb_pass pass;
	__u32 ifindex;

	if (lb_parse(ctx, ETH_HLEN, &pass.pkt) != LB_PARSED ||
	    lb_filter_shut(&pass.pkt, LB_CT_INGRESS))
		return XDP_PASS;
	if (pass.pkt.flags || pass.pkt.tuple.proto == IPPROTO_SCTP)
		return XDP_PASS;
	ifindex = likely(pass.pkt.l3 == ETH_HLEN) ? hook_ifindex(ctx) : lb_front_vlan(ctx);
	if (!ifindex)
		return XDP_PASS;
	lb_pass_begin(&pass, LB_CT_INGRESS, ifindex);
	switch (lb_front_track(&pass)) {
	case LB_TRACK_RACE:
		return XDP_PASS;
	case LB_TRACK_NOT:
		if (pass.pkt.ttl <= 1)
			return XDP_PASS;
		break;
	default:
		choice = lb_front_flow(ctx, &pass);
		if (choice == LB_CHOICE_DROP)
			return lb_finish(&pass, XDP_DROP);
		if (choice != LB_CHOICE_OPEN || !lb_front_remote(&pass) || !lb_front_fits(&pass))
			return XDP_PASS;
	}
	if (!lb_front_finished(ctx, &pass) || (lb_ct_tunnels(&pass) && !lb_front_ends(&pass)))
		return XDP_PASS;
	neighbour = lb_front_to(ctx, &pass);
	if (!neighbour || !lb_front_frame(ctx, neighbour->mac))
		return XDP_PASS;
	return lb_ct_tunnels(&pass) ? lb_front_tunnel(ctx, &pass, neighbour)
				    : lb_front_leave(ctx, &pass, neighbour);
}

#endif
