/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Translates ICMP errors as the tuple in unit_to says. */
#include "hook_tc.h"

#include "lb_parse.h"
#include "lb_icmp.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_tuple);
	__uint(max_entries, 1);
} unit_to SEC(".maps");

SEC("tc")
int unit_icmp(struct __sk_buff *skb)
{
	struct lb_packet pkt = {};
	struct lb_tuple *to;
	__u32 zero = 0;

	to = bpf_map_lookup_elem(&unit_to, &zero);
	if (!to || lb_parse(skb, ETH_HLEN, &pkt) != LB_PARSED ||
	    !(pkt.flags & LB_PACKET_ICMP_ERROR))
		return TC_ACT_OK;
	return lb_icmp_translate(skb, &pkt, to) ? TC_ACT_SHOT : TC_ACT_PIPE;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
