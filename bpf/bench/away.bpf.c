/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Flows to other nodes for front.bpf.c. At tc a packet that is in a tunnel cannot be put back, so
 * those that open a flow do all but send it. */
#include "hook_tc.h"
#include "lb_forward.h"
#include "bench_flows.h"

lb_inline bool bench_begin(struct __sk_buff *ctx, struct lb_pass *pass)
{
	if (!bench_packet(ctx) || lb_parse(ctx, ETH_HLEN, &pass->pkt) != LB_PARSED)
		return false;
	lb_pass_begin(pass, LB_CT_INGRESS, hook_ifindex(ctx));
	return true;
}

/* Its entry, as after a packet of an open connection. */
lb_inline bool bench_touch(const struct lb_pass *pass)
{
	struct lb_ct_state *state;
	bool ours;

	state = lb_ct_state(pass, false, &ours);
	if (!state)
		return false;
	state->phase = LB_CT_OPEN;
	state->tick = lb_ct_now();
	return true;
}

SEC("tc")
int b_away_open(struct __sk_buff *ctx)
{
	struct lb_pass pass;

	if (!bench_begin(ctx, &pass) || lb_choose(&pass, false) != LB_CHOICE_OPEN ||
	    (lb_ct_tunnels(&pass) ? lb_open_tunnel(ctx, &pass) : lb_open(ctx, &pass)))
		return TC_ACT_SHOT;
	return bench_touch(&pass) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int b_away_touch(struct __sk_buff *ctx)
{
	struct lb_pass pass;

	return bench_begin(ctx, &pass) && bench_touch(&pass) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* The floor at tc. */
SEC("tc")
int b_away_only(struct __sk_buff *ctx)
{
	return bench_packet(ctx) ? TC_ACT_REDIRECT : TC_ACT_SHOT;
}

/* Of a flow by SNAT. */
SEC("tc")
int b_away(struct __sk_buff *ctx)
{
	if (!bench_packet(ctx))
		return TC_ACT_SHOT;
	lb_pin(ctx); /* as in packets.bpf.c */
	return lb_forward(ctx, ETH_HLEN, LB_CT_INGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
