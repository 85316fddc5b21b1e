/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Stand-ins for the tc programs that only count who met a packet, for tests of attaching. */
#include "lb_kernel.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
} t_seen SEC(".maps");

static __always_inline int seen(__u32 who)
{
	__u64 *count = bpf_map_lookup_elem(&t_seen, &who);

	if (count)
		__sync_fetch_and_add(count, 1);
	return -1; /* TCX_NEXT, TC_ACT_UNSPEC: on to the next program */
}

SEC("tc")
int t_in(struct __sk_buff *ctx)
{
	return seen(0);
}

SEC("tc")
int t_out(struct __sk_buff *ctx)
{
	return seen(1);
}

SEC("tc")
int t_in_l3(struct __sk_buff *ctx)
{
	return seen(2);
}

SEC("tc")
int t_out_l3(struct __sk_buff *ctx)
{
	return seen(3);
}

SEC("tc")
int t_other(struct __sk_buff *ctx)
{
	return seen(4);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
