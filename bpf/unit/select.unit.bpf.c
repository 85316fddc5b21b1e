/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Lets tests call the decision core: cgroup address hooks cannot be test-run, and syscall programs
 * may not read the coarse clock, so it is a tc program. Question and answer travel as the packet.
 */
#include "lb_sock.h"

/* What a test passes in and gets back; same layout in SelectUnitTests. */
struct unit_select {
	__u8 ethernet[16]; /* test_run wants an Ethernet header; zeros will do */
	struct lb_addr dst;
	__u32 dice;
	__u64 netns;
	__be32 source[4];	      /* all 0: the client is known by its namespace only */
	struct lb_addr flow_frontend; /* proto 0: the socket has no flow yet */
	__u32 flow_backend_id;
	__u32 verdict;	  /* out: enum lb_verdict */
	__u32 backend_id; /* out, with LB_FORWARD */
	__u32 service_id; /* out */
	__u32 pad;	  /* 0 */
};

SEC("tc")
int unit_select(struct __sk_buff *skb)
{
	struct unit_select *ctx = (void *)(long)skb->data;
	struct lb_client client = {};
	struct lb_sock flow = {};
	struct lb_service svc = {};
	struct lb_pick pick = {};
	struct lb_addr dst;

	if ((void *)(ctx + 1) > (void *)(long)skb->data_end)
		return 1;
	dst = ctx->dst;
	if (ctx->source[3]) {
		__builtin_memcpy(client.affinity.client, ctx->source, sizeof(ctx->source));
		__builtin_memcpy(client.addr, ctx->source, sizeof(ctx->source));
		client.located = true;
		client.affinity.kind = LB_CLIENT_ADDR;
		client.netns = ctx->netns;
	} else {
		client.affinity.client[0] = (__u32)ctx->netns;
		client.affinity.client[1] = ctx->netns >> 32;
		client.affinity.kind = LB_CLIENT_NETNS;
	}
	client.dice = ctx->dice;
	if (ctx->flow_frontend.proto) {
		flow.frontend = ctx->flow_frontend;
		flow.backend_id = ctx->flow_backend_id;
		client.flow = &flow;
	}
	ctx->verdict = lb_select(&dst, &dst, lb_service_find(&dst, &svc), &svc, &client,
				 LB_ASKS_CONNECT, &pick);
	ctx->backend_id = pick.backend_id;
	ctx->service_id = pick.service_id;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
