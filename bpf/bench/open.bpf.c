/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What each step of a new flow costs: b_steps does what lb_forward() does for one (lb_forward.h,
 * lb_choose.h, lb_open.h, lb_open_snat.h), in its order, and stops after the step that the
 * measurement names.
 * b_whole is the program itself. Each run takes the client's next port. The tables are emptied
 * between measurements.
 */
#include "hook_tc.h"
#include "lb_forward.h"

#define BENCH_HEAD  96
#define BENCH_PORTS 32768

enum bench_step {
	BENCH_PARSE, /* headers, destination filter, conntrack: no such flow */
	BENCH_CHOOSE,
	BENCH_ROUTE,
	BENCH_CLOCK,
	BENCH_CLAIM,
	BENCH_TRACKED,
	BENCH_REQUEST,
	BENCH_FILTER,
	BENCH_RING,
	BENCH_COUNT,
};

struct bench_open {
	__u8 head[BENCH_HEAD]; /* what the packet begins with */
	__u32 port_at;	       /* offset of the client's port */
	__u32 next;	       /* number of the next flow */
	__u32 last;	       /* enum bench_step */
	__u32 reserved;
};

/* The packets of this measurement. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct bench_open);
	__uint(max_entries, 1);
} b_open SEC(".maps");

lb_inline struct bench_open *bench_packet(struct __sk_buff *ctx)
{
	__u32 zero = 0;
	struct bench_open *bench = bpf_map_lookup_elem(&b_open, &zero);
	void *data = (void *)(long)ctx->data;
	__be16 *port;

	if (!bench || data + BENCH_HEAD > (void *)(long)ctx->data_end)
		return NULL;
	__builtin_memcpy(data, bench->head, BENCH_HEAD);
	port = data + (bench->port_at & 63);
	if ((void *)(port + 1) > (void *)(long)ctx->data_end)
		return NULL;
	*port = bpf_htons(BENCH_PORTS + bench->next++ % BENCH_PORTS);
	return bench;
}

/* The floor: the packet alone. */
SEC("tc")
int b_packet_only(struct __sk_buff *ctx)
{
	return bench_packet(ctx) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* What two entries of a flow cost at the least: a program that does nothing else. */
SEC("tc")
int b_insert(struct __sk_buff *ctx)
{
	struct bench_open *bench = bench_packet(ctx);
	__u32 next;

	if (!bench)
		return TC_ACT_SHOT;
	next = bench->next;
	if (bench->head[12] == 0x08) {
		struct lb_ct_key4 key = {.src = 1, .dst = 2, .dport = 80, .proto = IPPROTO_TCP};
		struct lb_ct4 ct = {.src = 1, .dst = 3};

		key.sport = next;
		if (bpf_map_update_elem(&lb_conntrack4, &key, &ct, BPF_NOEXIST))
			return TC_ACT_SHOT;
		key.hook = LB_CT_EGRESS;
		return bpf_map_update_elem(&lb_conntrack4, &key, &ct, BPF_NOEXIST) ? TC_ACT_SHOT
										   : TC_ACT_UNSPEC;
	} else {
		struct lb_ct_key6 key = {.src = {1}, .dst = {2}, .dport = 80, .proto = IPPROTO_TCP};
		struct lb_ct6 ct = {.src = {1}, .dst = {3}};

		key.sport = next;
		if (bpf_map_update_elem(&lb_conntrack6, &key, &ct, BPF_NOEXIST))
			return TC_ACT_SHOT;
		key.hook = LB_CT_EGRESS;
		return bpf_map_update_elem(&lb_conntrack6, &key, &ct, BPF_NOEXIST) ? TC_ACT_SHOT
										   : TC_ACT_UNSPEC;
	}
}

/* And what it costs to delete them: lb_ct_evict() does so in a flood. */
SEC("tc")
int b_delete(struct __sk_buff *ctx)
{
	struct bench_open *bench = bench_packet(ctx);
	__u32 next;

	if (!bench)
		return TC_ACT_SHOT;
	next = bench->next;
	if (bench->head[12] == 0x08) {
		struct lb_ct_key4 key = {.src = 1, .dst = 2, .dport = 80, .proto = IPPROTO_TCP};

		key.sport = next;
		if (bpf_map_delete_elem(&lb_conntrack4, &key))
			return TC_ACT_SHOT;
		key.hook = LB_CT_EGRESS;
		return bpf_map_delete_elem(&lb_conntrack4, &key) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
	} else {
		struct lb_ct_key6 key = {.src = {1}, .dst = {2}, .dport = 80, .proto = IPPROTO_TCP};

		key.sport = next;
		if (bpf_map_delete_elem(&lb_conntrack6, &key))
			return TC_ACT_SHOT;
		key.hook = LB_CT_EGRESS;
		return bpf_map_delete_elem(&lb_conntrack6, &key) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
	}
}

/* Takes the flow out again, both of its entries. */
SEC("tc")
int b_remove(struct __sk_buff *ctx)
{
	struct lb_pass pass = {};
	struct lb_ct_key6 key = {};

	if (!bench_packet(ctx) || lb_parse(ctx, ETH_HLEN, &pass.pkt) != LB_PARSED)
		return TC_ACT_SHOT;
	lb_ct_key6_of(&key, &pass.pkt.tuple, LB_CT_INGRESS);
	return lb_ct_remove(&key, LB_CT_ANY) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

lb_inline bool bench_opens(struct __sk_buff *ctx, struct lb_pass *pass)
{
	if (lb_parse(ctx, ETH_HLEN, &pass->pkt) != LB_PARSED ||
	    lb_filter_shut(&pass->pkt, LB_CT_INGRESS) || !hook_ours(ctx))
		return false;
	__builtin_memset(&pass->to, 0, sizeof(pass->to));
	__builtin_memset(&pass->ct, 0, sizeof(pass->ct));
	pass->reason = LB_PKT_PASSED;
	pass->guard_kind = LB_GUARD_NONE;
	pass->clock = 0;
	pass->hook = LB_CT_INGRESS;
	pass->ifindex = hook_ifindex(ctx);
	return !lb_rare(&pass->pkt) && !lb_known(ctx, pass);
}

SEC("tc")
int b_steps(struct __sk_buff *ctx)
{
	struct bench_open *bench = bench_packet(ctx);
	const struct lb_device *device;
	struct lb_pass pass;
	enum bench_step last;
	bool mine;

	if (!bench)
		return TC_ACT_SHOT;
	last = bench->last;
	lb_pin(ctx);
	if (!bench_opens(ctx, &pass))
		return TC_ACT_SHOT;
	if (last == BENCH_PARSE)
		return TC_ACT_UNSPEC;
	if (lb_choose(&pass, false) != LB_CHOICE_OPEN)
		return TC_ACT_SHOT;
	if (last == BENCH_CHOOSE)
		return TC_ACT_UNSPEC;
	if (pass.ct.flags & LB_CT_SNAT) {
		if (!lb_fib_forward(ctx, &pass))
			return TC_ACT_SHOT;
		device = lb_device_get(pass.ct.oif);
		if (!device || !lb_open_source(&pass, device))
			return TC_ACT_SHOT;
		if (last == BENCH_ROUTE)
			return TC_ACT_UNSPEC;
		lb_guard_read(ctx, &pass);
		if (last == BENCH_CLOCK)
			return TC_ACT_UNSPEC;
		if (lb_snat_claim(&pass, 0))
			return TC_ACT_SHOT;
		if (last == BENCH_CLAIM)
			return TC_ACT_UNSPEC;
		if (lb_snat_tracked(ctx, &pass))
			return TC_ACT_SHOT;
		if (last == BENCH_TRACKED)
			return TC_ACT_UNSPEC;
	} else {
		if (lb_open_stack(&pass, &mine))
			return TC_ACT_SHOT;
		if (last == BENCH_CLAIM)
			return TC_ACT_UNSPEC;
	}
	if (lb_ct_put(&pass))
		return TC_ACT_SHOT;
	if (last == BENCH_REQUEST)
		return TC_ACT_UNSPEC;
	lb_filter_open(&pass);
	if (last == BENCH_FILTER)
		return TC_ACT_UNSPEC;
	lb_ct_pend(&pass);
	if (last == BENCH_RING)
		return TC_ACT_UNSPEC;
	lb_count_packet(LB_PKT_NEW, pass.pkt.len);
	return lb_finish(&pass, TC_ACT_UNSPEC);
}

SEC("tc")
int b_whole(struct __sk_buff *ctx)
{
	if (!bench_packet(ctx))
		return TC_ACT_SHOT;
	lb_pin(ctx); /* as in packets.bpf.c */
	return lb_forward(ctx, ETH_HLEN, LB_CT_INGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
