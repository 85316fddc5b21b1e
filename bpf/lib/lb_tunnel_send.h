/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Into the tunnel at tc, and out by the device that leads to the backend's node. */
#ifndef LB_TUNNEL_SEND_H
#define LB_TUNNEL_SEND_H

#include "lb_fib.h"
#include "lb_tunnel_head.h"

/* The route of the tunnel to the backend's node, into ct.oif and ct.mtu: of the packet in it.
 * False: there is none. */
HOOK_ONCE int lb_fib_tunnel(hook_ctx *ctx, struct lb_pass *pass)
{
	struct bpf_fib_lookup fib;
	struct lb_tunnel_ends ends;
	__u32 head;
	long rc;

	if (!pass || !lb_tunnel_ends(&ends, pass->ct.backend_id))
		return false;
	__builtin_memset(&fib, 0, sizeof(fib));
	fib.ifindex = pass->ifindex;
	fib.tot_len = 1;
	if (lb_mapped(ends.dst)) {
		fib.family = AF_INET;
		fib.ipv4_src = ends.src[3];
		fib.ipv4_dst = ends.dst[3];
	} else {
		fib.family = AF_INET6;
		lb_copy16(fib.ipv6_src, ends.src);
		lb_copy16(fib.ipv6_dst, ends.dst);
	}
	rc = hook_route(ctx, &fib, 0);
	if (rc != BPF_FIB_LKUP_RET_SUCCESS && rc != BPF_FIB_LKUP_RET_NO_NEIGH)
		return false;
	head = lb_tunnel_head(lb_mapped(ends.dst));
	pass->ct.oif = fib.ifindex;
	pass->ct.mtu = lb_fib_mtu(ctx, rc, &fib);
	if (pass->ct.mtu <= head)
		return false;
	pass->ct.mtu -= head;
	return true;
}

/*
 * Puts the packet, with one hop less, into the tunnel of its flow and sends it. A verdict;
 * HOOK_DROP: it cannot be changed, or has no way. The kernel makes the segments of a GSO packet
 * shorter by the headers.
 */
HOOK_ONCE int lb_tunnel_send(hook_ctx *ctx, struct lb_pass *pass)
{
	struct lb_tunnel_ends ends;
	__be16 ether;
	__u64 room;
	__u32 link;
	bool v4;

	if (!pass || !lb_tunnel_ends(&ends, pass->ct.backend_id) || !lb_hop(ctx, &pass->pkt))
		return HOOK_DROP;
	/* A priority tag is given up, as for all that is sent. */
	if (pass->pkt.l3 > ETH_HLEN && hook_untag(ctx))
		return HOOK_DROP;
	link = pass->pkt.l3 ? ETH_HLEN : 0;
	v4 = lb_mapped(ends.dst);
	room = v4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;
	if (cfg_tunnel == LB_TUNNEL_GENEVE)
		room |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	/* Datagrams of UDP GSO must keep their size. */
	if (pass->pkt.tuple.proto == IPPROTO_UDP)
		room |= BPF_F_ADJ_ROOM_FIXED_GSO;
	if (hook_encap(ctx, lb_tunnel_head(v4), room))
		return HOOK_DROP;
	ether = v4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	if (link && hook_write(ctx, link - sizeof(ether), &ether, sizeof(ether)))
		return HOOK_DROP;
	return lb_tunnel_write(ctx, pass, &ends, link) ? HOOK_DROP
						       : hook_forward(ctx, pass->ct.oif, link);
}

#endif
