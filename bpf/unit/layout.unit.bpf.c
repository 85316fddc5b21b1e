/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Maps of another release: one as large as that of its name and with something else in it, flows
 * whose members are at other places, of other sizes, more and fewer, and what sockets remember. */
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

struct lb_ct_key4 {
	__u8 proto;
	__u8 hook;
	__be16 sport;
	__be16 dport;
	__u16 pad;
	__be32 src;
	__be32 dst;
};

struct lb_ct_state {
	__u64 news;
	__u16 service_id;
	__u8 phase;
	__u8 flags;
	__u32 oif;
	__u32 tick;
	__u32 backend_id;
};

struct lb_ct4 {
	struct lb_ct_state state;
	__be16 dport;
	__be16 sport;
	__be32 dst;
	__be32 src;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_ct_key4);
	__type(value, struct lb_ct4);
	__uint(max_entries, 1024);
} lb_conntrack4 SEC(".maps");

struct lb_addr {
	__be32 addr[4];
	__be16 port;
	__u8 proto;
	__u8 pad;
};

struct lb_sock {
	__u32 spare;
	struct lb_addr backend;
	struct lb_addr frontend;
	__u32 service_id;
	__u32 backend_id;
	__u16 many;
	__u16 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__type(key, int);
	__type(value, struct lb_sock);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} lb_sock SEC(".maps");

SEC("tc")
int unit_layout(struct __sk_buff *skb)
{
	struct lb_ip4 key = {.addr = skb->mark};

	struct lb_ct_key4 flow = {.proto = skb->mark};

	return bpf_map_lookup_elem(&lb_node_addrs4, &key) ||
	       bpf_map_lookup_elem(&lb_conntrack4, &flow);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
