/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A map of another release: as large as the one of that name, and something else is in it. */
#include "lb_kernel.h"

struct lb_ip4 {
	__be32 addr;
};

struct lb_node_addr {
	__u32 colour;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_ip4);
	__type(value, struct lb_node_addr);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_node_addrs4 SEC(".maps");

SEC("tc")
int unit_layout(struct __sk_buff *skb)
{
	struct lb_ip4 key = {.addr = skb->mark};

	return bpf_map_lookup_elem(&lb_node_addrs4, &key) != NULL;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
