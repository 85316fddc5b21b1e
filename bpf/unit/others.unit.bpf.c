/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Programs as others have them at tc and at sockets, beside an agent: tests/EbpfLb.E2E/Others. */
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include "lb_kernel.h"

/* What o_mark leaves in skb->mark: the mark of rules for dropped packets of Calico and others is
 * near it, and kube-proxy's own is this one. */
#define O_MARK 0x4000

/* Wall clock times are above, times since the boot below. */
#define O_WALL_CLOCK 1000000000000000000ULL

enum o_knob { O_PORT, O_DENY, O_FROM, O_TO };

enum o_seen {
	O_STAMPED_IN,
	O_OUT,
	O_STAMPED_OUT,
	O_MARKED_OUT,
	O_ADDRESS,
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
} o_knobs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
} o_seen SEC(".maps");

static __always_inline __u64 knob(__u32 which)
{
	__u64 *value = bpf_map_lookup_elem(&o_knobs, &which);

	return value ? *value : 0;
}

static __always_inline void count(__u32 what)
{
	__u64 *value = bpf_map_lookup_elem(&o_seen, &what);

	if (value)
		__sync_fetch_and_add(value, 1);
}

/* Of packets for a port, without options and extension headers. */
SEC("tc")
int o_drop(struct __sk_buff *ctx)
{
	__u32 l4 = ETH_HLEN + (ctx->protocol == bpf_htons(ETH_P_IP) ? sizeof(struct iphdr)
								    : sizeof(struct ipv6hdr));
	__be16 port;

	if (bpf_skb_load_bytes(ctx, l4 + sizeof(port), &port, sizeof(port)))
		return TC_ACT_UNSPEC;
	return bpf_ntohs(port) == knob(O_PORT) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int o_accept(struct __sk_buff *ctx)
{
	return TC_ACT_OK;
}

SEC("tc")
int o_mark(struct __sk_buff *ctx)
{
	ctx->mark = O_MARK;
	/* One store of both is refused. */
	asm volatile("" ::: "memory");
	ctx->queue_mapping = 1;
	ctx->priority = 5;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int o_in(struct __sk_buff *ctx)
{
	if (ctx->tstamp > O_WALL_CLOCK)
		count(O_STAMPED_IN);
	return TC_ACT_UNSPEC;
}

/* Behind everything else, where a queueing discipline gets the packet next. */
SEC("tc")
int o_out(struct __sk_buff *ctx)
{
	count(O_OUT);
	if (ctx->tstamp > O_WALL_CLOCK)
		count(O_STAMPED_OUT);
	if (ctx->mark == O_MARK)
		count(O_MARKED_OUT);
	return TC_ACT_UNSPEC;
}

/* Remembers which address it was given, puts another in its place, denies. */
SEC("cgroup/connect4")
int o_connect4(struct bpf_sock_addr *ctx)
{
	__u32 what = O_ADDRESS;
	__u64 *address = bpf_map_lookup_elem(&o_seen, &what);

	if (address)
		*address = ctx->user_ip4;
	if (knob(O_FROM) && ctx->user_ip4 == knob(O_FROM))
		ctx->user_ip4 = knob(O_TO);
	return knob(O_DENY) ? LB_SOCK_DENY : LB_SOCK_ALLOW;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
