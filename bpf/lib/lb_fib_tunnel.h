/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Where packets in a tunnel leave, and how long they may be in it. */
#ifndef LB_FIB_TUNNEL_H
#define LB_FIB_TUNNEL_H

#include "lb_fib.h"
#include "lb_tunnel.h"

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

#endif
