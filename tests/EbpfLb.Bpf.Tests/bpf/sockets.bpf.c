// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Two versions of a connect hook and of a packet counter, for the tests of links.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __u16 from_port = 1;
const volatile __u16 to_port = 1;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} t_counts SEC(".maps");

static void count(__u32 index)
{
	__u64 *cell = bpf_map_lookup_elem(&t_counts, &index);

	if (cell)
		__sync_fetch_and_add(cell, 1);
}

SEC("cgroup/connect4")
int redirect(struct bpf_sock_addr *ctx)
{
	if (ctx->user_port == bpf_htons(from_port)) {
		ctx->user_port = bpf_htons(to_port);
		count(0);
	}
	return 1;
}

SEC("cgroup/connect4")
int refuse(struct bpf_sock_addr *ctx)
{
	if (ctx->user_port == bpf_htons(from_port)) {
		count(1);
		return 0;
	}
	return 1;
}

SEC("tc")
int count_packets(struct __sk_buff *skb)
{
	count(0);
	return -1; /* TCX_NEXT */
}

SEC("tc")
int count_remote(struct __sk_buff *skb)
{
	count(1);
	return -1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
