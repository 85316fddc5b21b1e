/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The packets of flows.bpf.c and front.bpf.c: each run takes that of the next flow, in order or at
 * random. */
#ifndef BENCH_FLOWS_H
#define BENCH_FLOWS_H

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

/* Of bench_flows: where an IPv6 client's address ends. */
#define BENCH_ADDR6_AT 34

/* Bytes that a tunnel of the packets' own family puts in front of them. */
lb_inline __u32 bench_outer(void)
{
	__u32 zero = 0;
	const struct bench_flows *bench = bpf_map_lookup_elem(&b_flows, &zero);

	return lb_tunnel_head(bench && bench->addr_at < BENCH_ADDR6_AT);
}

lb_inline __u32 bench_next(struct bench_flows *bench)
{
	if (!bench->random)
		return bench->next++;
	bench->next = bench->next * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((bench->next >> 32) * bench->flows) >> 32;
}

lb_inline bool bench_packet(hook_ctx *ctx)
{
	__u32 zero = 0, flow;
	struct bench_flows *bench = bpf_map_lookup_elem(&b_flows, &zero);
	void *data = hook_data(ctx);
	__be32 *addr;
	__be16 *port;

	if (!bench || data + BENCH_HEAD > hook_data_end(ctx))
		return false;
	__builtin_memcpy(data, bench->head, BENCH_HEAD);
	flow = bench_next(bench);
	addr = data + (bench->addr_at & 63);
	port = data + (bench->port_at & 63);
	if ((void *)(addr + 1) > hook_data_end(ctx) || (void *)(port + 1) > hook_data_end(ctx))
		return false;
	*addr = bpf_htonl(bench->addr + flow / BENCH_PORTS);
	*port = bpf_htons(BENCH_PORTS - 1 + flow % BENCH_PORTS);
	return true;
}

#endif
