/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The packet programs under BPF_PROG_TEST_RUN with repeat: the kernel hands the packet that one run
 * left to the next, so each run begins by putting the packet back. b_restore is that alone. */
#include "hook_tc.h"
#include "lb_forward.h"
#include "bench_packet.h"

lb_inline struct bench_packet *bench_restore(struct __sk_buff *ctx)
{
	__u32 zero = 0;
	struct bench_packet *packet = bpf_map_lookup_elem(&b_packet, &zero);
	void *data = (void *)(long)ctx->data;

	if (!packet || data + BENCH_HEAD > (void *)(long)ctx->data_end)
		return NULL;
	__builtin_memcpy(data, packet->head, BENCH_HEAD);
	return packet;
}

SEC("tc")
int b_empty(struct __sk_buff *ctx)
{
	return TC_ACT_UNSPEC;
}

SEC("tc")
int b_restore(struct __sk_buff *ctx)
{
	return bench_restore(ctx) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int b_in(struct __sk_buff *ctx)
{
	if (!bench_restore(ctx))
		return TC_ACT_OK;
	lb_pin(ctx); /* the programs as they are, nothing of them computed for both parts */
	return lb_forward(ctx, ETH_HLEN, LB_CT_INGRESS);
}

SEC("tc")
int b_out(struct __sk_buff *ctx)
{
	if (!bench_restore(ctx))
		return TC_ACT_OK;
	lb_pin(ctx); /* the programs as they are, nothing of them computed for both parts */
	return lb_forward(ctx, ETH_HLEN, LB_CT_EGRESS);
}

/* A client port per run: a new flow each. Half-open ones are evicted when the ring comes round, as
 * in a flood. */
SEC("tc")
int b_new(struct __sk_buff *ctx)
{
	struct bench_packet *packet = bench_restore(ctx);
	void *data = (void *)(long)ctx->data;
	__be16 *port;

	if (!packet)
		return TC_ACT_OK;
	port = data + (packet->port_at & 63);
	if ((void *)(port + 1) > (void *)(long)ctx->data_end)
		return TC_ACT_OK;
	*port = bpf_htons((__u16)packet->port++);
	lb_pin(ctx); /* the programs as they are, nothing of them computed for both parts */
	return lb_forward(ctx, ETH_HLEN, LB_CT_INGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
