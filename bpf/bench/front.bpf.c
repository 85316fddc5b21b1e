/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* As flows.bpf.c, for the XDP program: packets that it sends as they are but for their addresses,
 * and those that it puts into a tunnel of their family. */
#include "hook_xdp.h"
#include "lb_front.h"
#include "bench_flows.h"

/* The floor: the packet alone, in a header's room that is given back. */
SEC("xdp")
int b_front_only(struct xdp_md *ctx)
{
	__u32 outer = bench_outer();

	return bench_packet(ctx) && !hook_grow(ctx, outer) && !bpf_xdp_adjust_head(ctx, outer)
		       ? XDP_REDIRECT
		       : XDP_ABORTED;
}

/* For devices, which a test run wants to have a program: packets of the node itself must not count
 * as ours. */
SEC("xdp")
int b_front_idle(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* What it leaves is in a tunnel, out of which the next run takes the place of its packet again. */
SEC("xdp")
int b_front(struct xdp_md *ctx)
{
	int verdict;

	if (!bench_packet(ctx))
		return XDP_ABORTED;
	lb_pin(ctx); /* see packets.bpf.c */
	verdict = lb_front(ctx);
	if (verdict == XDP_REDIRECT && bpf_xdp_adjust_head(ctx, bench_outer()))
		return XDP_ABORTED;
	return verdict;
}

/* The floor of what is in no tunnel. */
SEC("xdp")
int b_snat_only(struct xdp_md *ctx)
{
	return bench_packet(ctx) ? XDP_REDIRECT : XDP_ABORTED;
}

SEC("xdp")
int b_snat(struct xdp_md *ctx)
{
	if (!bench_packet(ctx))
		return XDP_ABORTED;
	lb_pin(ctx); /* see packets.bpf.c */
	return lb_front(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
