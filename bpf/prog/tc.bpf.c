/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Packets, at tc: where they come in and where they leave, on devices with a link header (Ethernet)
 * and without one (tunnels, WireGuard). */
#include "hook_tc.h"
#include "lb_forward.h"

SEC("tc")
int lb_in(struct __sk_buff *ctx)
{
	return lb_forward(ctx, ETH_HLEN, LB_CT_INGRESS);
}

SEC("tc")
int lb_out(struct __sk_buff *ctx)
{
	return lb_forward(ctx, ETH_HLEN, LB_CT_EGRESS);
}

SEC("tc")
int lb_in_l3(struct __sk_buff *ctx)
{
	return lb_forward(ctx, 0, LB_CT_INGRESS);
}

SEC("tc")
int lb_out_l3(struct __sk_buff *ctx)
{
	return lb_forward(ctx, 0, LB_CT_EGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
