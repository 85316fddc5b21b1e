// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A program that the verifier refuses beside one that it takes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} t_cells SEC(".maps");

SEC("tc")
int harmless(struct __sk_buff *skb)
{
	return 0;
}

SEC("tc")
int no_null_check(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *cell = bpf_map_lookup_elem(&t_cells, &key);

	return *cell;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
