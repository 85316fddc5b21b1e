/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* As packets.bpf.c, for many flows: each run takes the packet of the next one, in order or at
 * random. */
#include "hook_tc.h"
#include "lb_forward.h"

#define BENCH_HEAD 96
/* Client ports of an address. */
#define BENCH_PORTS 32768

struct bench_flows {
	__u8 head[BENCH_HEAD]; /* what the packet begins with */
	__u32 addr_at;	       /* offset of the last four bytes of the client's address */
	__u32 port_at;	       /* offset of its port */
	__u32 addr;   /* of the first 32768 flows, host order; the next have the next one */
	__u32 flows;  /* how many there are to choose from */
	__u64 next;   /* number of the next flow; at random: state of the generator */
	__u32 random; /* 1: at random */
	__u32 reserved;
};

/* The packets of this measurement. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct bench_flows);
	__uint(max_entries, 1);
} b_flows SEC(".maps");

lb_inline __u32 bench_next(struct bench_flows *bench)
{
	if (!bench->random)
		return bench->next++;
	bench->next = bench->next * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((bench->next >> 32) * bench->flows) >> 32;
}

lb_inline bool bench_packet(struct __sk_buff *ctx)
{
	__u32 zero = 0, flow;
	struct bench_flows *bench = bpf_map_lookup_elem(&b_flows, &zero);
	void *data = (void *)(long)ctx->data;
	__be32 *addr;
	__be16 *port;

	if (!bench || data + BENCH_HEAD > (void *)(long)ctx->data_end)
		return false;
	__builtin_memcpy(data, bench->head, BENCH_HEAD);
	flow = bench_next(bench);
	addr = data + (bench->addr_at & 63);
	port = data + (bench->port_at & 63);
	if ((void *)(addr + 1) > (void *)(long)ctx->data_end ||
	    (void *)(port + 1) > (void *)(long)ctx->data_end)
		return false;
	*addr = bpf_htonl(bench->addr + flow / BENCH_PORTS);
	*port = bpf_htons(BENCH_PORTS - 1 + flow % BENCH_PORTS);
	return true;
}

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
