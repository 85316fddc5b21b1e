/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Where packets that do not go through the stack leave, and how long they may be there. */
#ifndef LB_FIB_H
#define LB_FIB_H

#include "lb_conntrack.h"
#include "lb_device.h"

/* "Don't fragment", and where an IPv4 header has it. */
#define LB_FRAG_DF   bpf_htons(0x4000)
#define LB_IPV4_FRAG 6

/* The MTU of the route; of the device, when the neighbour has to be found out first. */
lb_inline __u16 lb_fib_mtu(hook_ctx *ctx, long rc, const struct bpf_fib_lookup *fib)
{
	return rc == BPF_FIB_LKUP_RET_SUCCESS ? fib->mtu_result : hook_mtu(ctx, fib->ifindex);
}

/* There is a way, whether or not the neighbour is known. */
lb_inline bool lb_fib_found(long rc)
{
	return rc == BPF_FIB_LKUP_RET_SUCCESS || rc == BPF_FIB_LKUP_RET_NO_NEIGH;
}

/* The question for the route of the packet: as the kernel would forward it, from the device it came
 * in by and from the address it came with. */
lb_inline void lb_fib_in(struct bpf_fib_lookup *fib, const struct lb_pass *pass)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->ifindex = pass->ifindex;
	fib->l4_protocol = pass->to.proto;
	fib->sport = pass->to.sport;
	fib->dport = pass->to.dport;
	fib->tot_len = 1; /* asks for the route's MTU */
	if (pass->to.family == 4) {
		fib->family = AF_INET;
		fib->ipv4_src = pass->pkt.tuple.src[3];
		fib->ipv4_dst = pass->to.dst[3];
	} else {
		fib->family = AF_INET6;
		lb_copy16(fib->ipv6_src, pass->pkt.tuple.src);
		lb_copy16(fib->ipv6_dst, pass->to.dst);
	}
}

/* The route of the packet, into ct.oif and ct.mtu. False: the kernel would not forward it. */
HOOK_ONCE int lb_fib_forward(hook_ctx *ctx, struct lb_pass *pass)
{
	struct bpf_fib_lookup fib;
	long rc;

	if (!pass)
		return false;
	lb_fib_in(&fib, pass);
	rc = hook_route(ctx, &fib, 0);
	if (!lb_fib_found(rc))
		return false;
	pass->ct.oif = fib.ifindex;
	pass->ct.mtu = lb_fib_mtu(ctx, rc, &fib);
	return true;
}

/* The question for the way of the packet as it leaves, by ct.oif. */
lb_inline void lb_fib_out(struct bpf_fib_lookup *fib, const struct lb_pass *pass)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->ifindex = pass->ct.oif;
	fib->l4_protocol = pass->to.proto;
	fib->sport = pass->to.sport;
	fib->dport = pass->to.dport;
	if (pass->to.family == 4) {
		fib->family = AF_INET;
		fib->ipv4_src = pass->to.src[3];
		fib->ipv4_dst = pass->to.dst[3];
	} else {
		fib->family = AF_INET6;
		lb_copy16(fib->ipv6_src, pass->to.src);
		lb_copy16(fib->ipv6_dst, pass->to.dst);
	}
}

/*
 * Whether the packet, a reply, can leave by ct.oif; its MTU there. A client that came in by a
 * device which has no route back is answered by the route there is.
 */
HOOK_ONCE int lb_fib_back(hook_ctx *ctx, struct lb_pass *pass)
{
	struct bpf_fib_lookup fib;
	long rc;

	if (!pass)
		return false;
	lb_fib_out(&fib, pass);
	fib.tot_len = 1;
	rc = hook_route(ctx, &fib, BPF_FIB_LOOKUP_OUTPUT);
	if (!lb_fib_found(rc))
		return false;
	/* IPv6 takes another device's route where this one has none, or a worse one. */
	if (fib.ifindex != pass->ct.oif)
		return false;
	pass->ct.mtu = lb_fib_mtu(ctx, rc, &fib);
	return true;
}

/*
 * Whether the packet may leave in pieces though it is too long: it has no "don't fragment", and the
 * kernel cuts what the tunnel's device makes of it. Packets that do not go through the stack are
 * cut by nobody else.
 */
lb_inline bool lb_cut_outside(hook_ctx *ctx, const struct lb_pass *pass)
{
	const struct lb_device *device;
	__be16 frag = 0;

	if (pass->pkt.tuple.family != 4 || lb_ct_tunnels(pass))
		return false;
	device = lb_device_get(pass->ct.oif);
	return device && device->flags & LB_DEVICE_WRAPS &&
	       !hook_read(ctx, pass->pkt.l3 + LB_IPV4_FRAG, &frag, sizeof(frag)) &&
	       !(frag & LB_FRAG_DF);
}

/* Whether the answer names the router by ct.oif. */
lb_inline bool lb_fib_there(hook_ctx *ctx, const struct lb_pass *pass, struct bpf_fib_lookup *fib,
			    __u32 flags)
{
	return lb_fib_found(hook_route(ctx, fib, flags)) && fib->ifindex == pass->ct.oif;
}

/*
 * The router that the packet leaves to by ct.oif, for bpf_redirect_neigh(), whose own lookup takes
 * any of an IPv6 route's ways, whatever the device (ip6_pol_route() goes by the hash alone), and
 * then looks for that router behind the wrong one. By the hash first, as several routers may be
 * behind one device: when it is asked for the device, the kernel takes the first of them
 * (fib6_select_path()). False: the kernel is to look itself.
 */
lb_inline bool lb_fib_router(hook_ctx *ctx, const struct lb_pass *pass, struct bpf_redir_neigh *to)
{
	struct bpf_fib_lookup fib;

	if (pass->to.family == 4)
		return false;
	lb_fib_in(&fib, pass);
	if (!lb_fib_there(ctx, pass, &fib, 0)) {
		/* A flow that is just being opened asked with the client's port. */
		lb_fib_in(&fib, pass);
		fib.sport = pass->pkt.tuple.sport;
		if (pass->ct.flags & LB_CT_REPLY || !lb_fib_there(ctx, pass, &fib, 0)) {
			lb_fib_out(&fib, pass);
			fib.tot_len = 1;
			if (!lb_fib_there(ctx, pass, &fib, BPF_FIB_LOOKUP_OUTPUT))
				return false;
		}
	}
	to->nh_family = AF_INET6;
	lb_copy16(to->ipv6_nh, fib.ipv6_dst);
	return true;
}

/* Longer than what its way takes; of a GSO packet each segment counts. */
HOOK_ONCE int lb_too_long(hook_ctx *ctx, const struct lb_pass *pass)
{
	__u32 segment = hook_segment(ctx), header = 8;
	__u8 words = 0;

	if (!pass)
		return true;
	if (!segment)
		return !lb_cut_outside(ctx, pass);
	if (pass->pkt.tuple.proto == IPPROTO_TCP) {
		if (hook_read(ctx, pass->pkt.l4 + 12, &words, 1))
			return true;
		header = words >> 4 << 2;
	}
	return pass->pkt.l4 - pass->pkt.l3 + header + segment > pass->ct.mtu;
}

#endif
