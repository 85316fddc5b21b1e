/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Answers every packet for itself, as if its service had no endpoint or it met a bound. For test
 * runs and for devices. */
#include "hook_tc.h"

#include "lb_config.h"
#include "lb_parse.h"
#include "lb_reply.h"

enum unit_answer {
	UNIT_REJECT = 0, /* reset or "port unreachable", by protocol */
	UNIT_UNREACHABLE = 1,
	UNIT_TOO_BIG = 2,
	UNIT_TTL = 3,
};

LB_CONFIG(__u32, cfg_answer, 0, "enum unit_answer.");
LB_CONFIG(__u32, cfg_port, 0, "Only packets to this port (network order) are answered; 0: all.");
LB_CONFIG(__u32, cfg_mtu, 1400, "Of UNIT_TOO_BIG.");

static __noinline int unit_answer(struct __sk_buff *skb, __u32 l3)
{
	struct lb_packet pkt = {};

	if (lb_parse(skb, l3, &pkt) != LB_PARSED)
		return TC_ACT_OK;
	if (cfg_port && pkt.tuple.dport != (__be16)cfg_port)
		return TC_ACT_OK;
	switch (cfg_answer) {
	case UNIT_UNREACHABLE:
		return lb_reply_unreachable(skb, &pkt);
	case UNIT_TOO_BIG:
		return lb_reply_too_big(skb, &pkt, cfg_mtu);
	case UNIT_TTL:
		return lb_reply_ttl(skb, &pkt);
	default:
		return pkt.tuple.proto == IPPROTO_TCP ? lb_reply_reset(skb, &pkt)
						      : lb_reply_unreachable(skb, &pkt);
	}
}

SEC("tc")
int unit_reply(struct __sk_buff *skb)
{
	return unit_answer(skb, ETH_HLEN);
}

/* For devices without a link header. */
SEC("tc")
int unit_reply_l3(struct __sk_buff *skb)
{
	return unit_answer(skb, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
