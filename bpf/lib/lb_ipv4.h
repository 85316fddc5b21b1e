/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What of conntrack and translation is IPv4's own. */
#ifndef LB_IPV4_H
#define LB_IPV4_H

#include "lb_csum.h"
#include "lb_ct_seal.h"
#include "lb_maps.h"
#include "lb_parse.h"

lb_inline void lb_ct_key4_of(struct lb_ct_key4 *key, const struct lb_tuple *at, __u8 hook)
{
	key->src = at->src[3];
	key->dst = at->dst[3];
	key->sport = at->sport;
	key->dport = at->dport;
	key->proto = at->proto;
	key->hook = hook;
	key->pad = 0;
}

lb_inline void lb_ct_key4_turned(struct lb_ct_key4 *key, const struct lb_tuple *at, __u8 hook)
{
	key->src = at->dst[3];
	key->dst = at->src[3];
	key->sport = at->dport;
	key->dport = at->sport;
	key->proto = at->proto;
	key->hook = hook;
	key->pad = 0;
}

/* The entry that says `at` turned round. */
lb_inline bool lb_ct4_turned(const struct lb_ct4 *ct, const struct lb_tuple *at)
{
	return ct->src == at->dst[3] && ct->dst == at->src[3] && ct->sport == at->dport &&
	       ct->dport == at->sport;
}

lb_inline bool lb_ct_find4(struct lb_pass *pass)
{
	struct lb_ct_key4 key;
	const struct lb_ct4 *ct;

	lb_ct_key4_of(&key, &pass->pkt.tuple, pass->hook);
	ct = bpf_map_lookup_elem(&lb_conntrack4, &key);
	if (!ct)
		return false;
	lb_tuple_set4(&pass->to, READ_ONCE(ct->src), READ_ONCE(ct->dst));
	pass->to.sport = READ_ONCE(ct->sport);
	pass->to.dport = READ_ONCE(ct->dport);
	pass->to.proto = key.proto;
	pass->ct = ct->state;
	return lb_ct_unseal(&pass->ct, lb_ct_seal4(&key, pass->to.src[3], pass->to.dst[3],
						   pass->to.sport, pass->to.dport));
}

/* Addresses, and the TTL down by `hops`. Returns what the addresses do to an L4 checksum in
 * `diff`. */
lb_inline bool lb_ipv4_rewrite(hook_ctx *ctx, const struct lb_packet *pkt,
			       const struct lb_tuple *to, __u32 hops, __u32 *diff)
{
	struct iphdr *ip = lb_reach(ctx, pkt->l3, sizeof(*ip));
	__u64 sum = 0;

	if (!ip)
		return false;
	sum = lb_csum_diff(sum, pkt->tuple.src[3], to->src[3]);
	sum = lb_csum_diff(sum, pkt->tuple.dst[3], to->dst[3]);
	*diff = lb_csum_fold32(sum);
	ip->saddr = to->src[3];
	ip->daddr = to->dst[3];
	if (hops) {
		sum += (__u16)~bpf_htons(0x0100);
		ip->ttl--;
	}
	ip->check = lb_csum_apply(ip->check, sum);
	return true;
}

#endif
