/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* As packets.bpf.c, for many flows. */
#include "hook_tc.h"
#include "lb_forward.h"
#include "bench_flows.h"

/* The floor: the packet alone. */
SEC("tc")
int b_packet_only(struct __sk_buff *ctx)
{
	return bench_packet(ctx) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int b_flow_in(struct __sk_buff *ctx)
{
	if (!bench_packet(ctx))
		return TC_ACT_SHOT;
	lb_pin(ctx); /* as in packets.bpf.c */
	return lb_forward(ctx, ETH_HLEN, LB_CT_INGRESS);
}

SEC("tc")
int b_flow_out(struct __sk_buff *ctx)
{
	if (!bench_packet(ctx))
		return TC_ACT_SHOT;
	lb_pin(ctx); /* as in packets.bpf.c */
	return lb_forward(ctx, ETH_HLEN, LB_CT_EGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
