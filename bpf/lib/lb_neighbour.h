/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How packets leave in front of the stack, and with which link header. The kernel and the agent's
 * tables are asked once a tick for each address; each CPU remembers what they said. */
#ifndef LB_NEIGHBOUR_H
#define LB_NEIGHBOUR_H

#include <linux/if_ether.h>

#include "lb_device.h"
#include "lb_fib_tunnel.h"
#include "lb_packet.h"

lb_inline __u32 lb_neighbour_place(const struct lb_pass *pass)
{
	__u32 hash = pass->to.dst[3] ^ pass->to.dst[2] * 31 ^ pass->to.dst[1] ^ pass->to.dst[0] ^
		     pass->ct.oif ^ pass->ifindex << 16;

	return hash * 0x9e3779b1 >> (32 - LB_NEIGHBOURS_LOG2);
}

/*
 * From where a packet came in to where it leaves, if that is allowed; whom it came in for, and
 * which device sends it with which tag. By the stack a VLAN's own device sends, which writes the
 * tag; by the driver the one that it is on, and the tag is ours to write.
 */
lb_inline enum lb_front_way lb_front_way(const struct lb_pass *pass, struct lb_neighbour *neighbour)
{
	const struct lb_device *in = lb_device_get(pass->ifindex), *out;
	__u32 from;

	if (!in || in->flags & LB_DEVICE_BARE)
		return LB_FRONT_NONE;
	__builtin_memcpy(neighbour->mac, in->mac, ETH_ALEN);
	neighbour->port = pass->ct.oif;
	neighbour->vlan = 0;
	if (cfg_xdp_generic && pass->ct.oif == pass->ifindex && in->flags & LB_DEVICE_XDP_SEND)
		return LB_FRONT_SEND;
	out = lb_device_get(pass->ct.oif);
	if (!out)
		return LB_FRONT_NONE;
	/* One without a link header would send ours as the packet. */
	if (cfg_xdp_generic)
		return out->mac[0] | out->mac[1] | out->mac[2] | out->mac[3] | out->mac[4] |
				       out->mac[5]
			       ? LB_FRONT_REDIRECT
			       : LB_FRONT_NONE;
	if (out->lower) {
		neighbour->port = out->lower;
		neighbour->vlan = out->vlan;
	}
	from = in->lower ? in->lower : pass->ifindex;
	if (neighbour->port == from && in->flags & LB_DEVICE_XDP_SEND)
		return LB_FRONT_SEND;
	return out->flags & LB_DEVICE_XDP ? LB_FRONT_REDIRECT : LB_FRONT_NONE;
}

/*
 * Whether the kernel has sent this CPU's packets to the neighbour in this tick already. If not, it
 * does now: only what it sends itself keeps its own table of neighbours alive.
 */
lb_inline bool lb_neighbour_kept(const struct lb_neighbour *neighbour)
{
	const __u8 *mac = neighbour->head;
	/* A router often has one address in all VLANs, and is a neighbour in each. */
	__u32 who = (mac[2] << 24 | mac[3] << 16 | mac[4] << 8 | mac[5]) ^ neighbour->oif << 16;
	__u32 hash = who * 0x9e3779b1;
	__u32 place = hash >> (32 - LB_KEPT_LOG2), mark = hash + neighbour->tick;
	__u32 *last = bpf_map_lookup_elem(&lb_kept, &place);

	if (!last || *last == mark)
		return true;
	*last = mark;
	return false;
}

/* Asks. False: this packet is for tc. Where there is no way or no neighbour now, that holds for the
 * tick. */
HOOK_ONCE int lb_neighbour_ask(hook_ctx *ctx, const struct lb_pass *pass,
			       struct lb_neighbour *neighbour)
{
	struct bpf_fib_lookup fib;

	if (!pass || !neighbour)
		return false;
	lb_copy16(neighbour->dst, pass->to.dst);
	neighbour->iif = pass->ifindex;
	neighbour->oif = pass->ct.oif;
	neighbour->tick = pass->ct.tick;
	neighbour->mtu = 0;
	neighbour->way = lb_front_way(pass, neighbour);
	if (!neighbour->way)
		return false;
	lb_fib_out(&fib, pass);
	if (hook_route(ctx, &fib, BPF_FIB_LOOKUP_OUTPUT) != BPF_FIB_LKUP_RET_SUCCESS ||
	    fib.ifindex != pass->ct.oif) {
		neighbour->way = LB_FRONT_NONE;
		return false;
	}
	__builtin_memcpy(neighbour->head, fib.dmac, ETH_ALEN);
	__builtin_memcpy(neighbour->head + ETH_ALEN, fib.smac, ETH_ALEN);
	return lb_neighbour_kept(neighbour);
}

/* The neighbour that the packet leaves to, or NULL: it is for tc. `ct.tick` is the current one. */
lb_inline const struct lb_neighbour *lb_neighbour_of(hook_ctx *ctx, const struct lb_pass *pass)
{
	__u32 place = lb_neighbour_place(pass);
	struct lb_neighbour *neighbour = bpf_map_lookup_elem(&lb_neighbours, &place);

	if (!neighbour)
		return NULL;
	if (unlikely(neighbour->tick != pass->ct.tick || neighbour->oif != pass->ct.oif ||
		     neighbour->iif != pass->ifindex || !lb_same16(neighbour->dst, pass->to.dst)) &&
	    !lb_neighbour_ask(ctx, pass, neighbour))
		return NULL;
	return neighbour->way ? neighbour : NULL;
}

/* The same of a tunnel to `to.dst` whose flow has no entry that would know the route. */
lb_inline const struct lb_neighbour *lb_neighbour_tunnel(hook_ctx *ctx, struct lb_pass *pass)
{
	__u32 place = lb_neighbour_place(pass);
	struct lb_neighbour *neighbour = bpf_map_lookup_elem(&lb_neighbours, &place);
	int kept;

	if (!neighbour)
		return NULL;
	if (unlikely(neighbour->tick != pass->ct.tick || neighbour->iif != pass->ifindex ||
		     !neighbour->mtu || !lb_same16(neighbour->dst, pass->to.dst))) {
		if (!lb_fib_tunnel(ctx, pass))
			return NULL;
		kept = lb_neighbour_ask(ctx, pass, neighbour);
		neighbour->mtu = pass->ct.mtu;
		if (!kept)
			return NULL;
	}
	pass->ct.oif = neighbour->oif;
	pass->ct.mtu = neighbour->mtu;
	return neighbour->way ? neighbour : NULL;
}

#endif
