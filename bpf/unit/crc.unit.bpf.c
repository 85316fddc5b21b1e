/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Changes the ports of SCTP packets into those of unit_ports, checksum included. */
#include "hook_tc.h"

#include "lb_crc32c.h"
#include "lb_parse.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __be32);
	__uint(max_entries, 1);
} unit_ports SEC(".maps");

SEC("tc")
int unit_crc(struct __sk_buff *skb)
{
	struct lb_packet pkt = {};
	__be32 *ports, old;
	__u32 zero = 0;

	ports = bpf_map_lookup_elem(&unit_ports, &zero);
	if (!ports || lb_parse(skb, ETH_HLEN, &pkt) != LB_PARSED)
		return TC_ACT_OK;
	if (hook_read(skb, pkt.l4, &old, sizeof(old)) || lb_sctp_ports(skb, &pkt, old, *ports) ||
	    hook_write(skb, pkt.l4, ports, sizeof(*ports)))
		return TC_ACT_SHOT;
	return TC_ACT_PIPE;
}

/* The packet is a question here: what does a difference in the first four of `len` bytes do? */
struct unit_change {
	__u8 ethernet[16]; /* test_run wants an Ethernet header; zeros will do */
	__u32 diff;	   /* out: the change of the CRC */
	__u32 len;
};

SEC("tc")
int unit_crc_change(struct __sk_buff *skb)
{
	struct unit_change *ctx = (void *)(long)skb->data;

	if ((void *)(ctx + 1) > (void *)(long)skb->data_end)
		return TC_ACT_SHOT;
	ctx->diff = lb_crc32c_change(ctx->diff, ctx->len);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
