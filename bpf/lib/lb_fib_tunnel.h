/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Where packets in a tunnel leave, and how long they may be in it. */
#ifndef LB_FIB_TUNNEL_H
#define LB_FIB_TUNNEL_H

#include "lb_fib.h"
#include "lb_tunnel.h"

/* The question for the route of a tunnel: of a packet that came in by that device. */
lb_inline void lb_fib_ends(struct bpf_fib_lookup *fib, const struct lb_tunnel_ends *ends,
			   __u32 ifindex)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->ifindex = ifindex;
	fib->tot_len = 1;
	if (lb_mapped(ends->dst)) {
		fib->family = AF_INET;
		fib->ipv4_src = ends->src[3];
		fib->ipv4_dst = ends->dst[3];
	} else {
		fib->family = AF_INET6;
		lb_copy16(fib->ipv6_src, ends->src);
		lb_copy16(fib->ipv6_dst, ends->dst);
	}
}

/* The route of the tunnel to the backend's node, into ct.oif and ct.mtu: of the packet in it.
 * False: there is none. */
HOOK_ONCE int lb_fib_tunnel(hook_ctx *ctx, struct lb_pass *pass)
{
	struct bpf_fib_lookup fib;
	struct lb_tunnel_ends ends;
	__u32 head;
	long rc;

	if (!pass || !lb_tunnel_ends(&ends, pass))
		return false;
	lb_fib_ends(&fib, &ends, pass->ifindex);
	rc = hook_route(ctx, &fib, 0);
	if (!lb_fib_found(rc))
		return false;
	head = lb_tunnel_head(lb_mapped(ends.dst));
	pass->ct.oif = fib.ifindex;
	pass->ct.mtu = lb_fib_mtu(ctx, rc, &fib);
	if (pass->ct.mtu <= head)
		return false;
	pass->ct.mtu -= head;
	return true;
}

/* As lb_fib_router(), of a tunnel by IPv6. */
HOOK_ONCE int lb_fib_tunnel_router(hook_ctx *ctx, const struct lb_pass *pass,
				   const struct lb_tunnel_ends *ends, struct bpf_redir_neigh *to)
{
	struct bpf_fib_lookup fib;

	if (!pass || !ends || !to || lb_mapped(ends->dst))
		return false;
	lb_fib_ends(&fib, ends, pass->ifindex);
	if (!lb_fib_found(hook_route(ctx, &fib, 0)) || fib.ifindex != pass->ct.oif) {
		lb_fib_ends(&fib, ends, pass->ct.oif);
		if (!lb_fib_found(hook_route(ctx, &fib, BPF_FIB_LOOKUP_OUTPUT)) ||
		    fib.ifindex != pass->ct.oif)
			return false;
	}
	to->nh_family = AF_INET6;
	lb_copy16(to->ipv6_nh, fib.ipv6_dst);
	return true;
}

#endif
