/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What of conntrack and translation is IPv6's own. */
#ifndef LB_IPV6_H
#define LB_IPV6_H

#include "lb_csum.h"
#include "lb_ct_seal.h"
#include "lb_maps.h"
#include "lb_parse.h"

lb_inline void lb_ct_key6_of(struct lb_ct_key6 *key, const struct lb_tuple *at, __u8 hook)
{
	lb_copy16(key->src, at->src);
	lb_copy16(key->dst, at->dst);
	key->sport = at->sport;
	key->dport = at->dport;
	key->proto = at->proto;
	key->hook = hook;
	key->pad = 0;
}

lb_inline void lb_ct_key6_turned(struct lb_ct_key6 *key, const struct lb_tuple *at, __u8 hook)
{
	lb_copy16(key->src, at->dst);
	lb_copy16(key->dst, at->src);
	key->sport = at->dport;
	key->dport = at->sport;
	key->proto = at->proto;
	key->hook = hook;
	key->pad = 0;
}

lb_inline bool lb_ct6_turned(const struct lb_ct6 *ct, const struct lb_tuple *at)
{
	return lb_same16(ct->src, at->dst) && lb_same16(ct->dst, at->src) &&
	       ct->sport == at->dport && ct->dport == at->sport;
}

/* lb_once: its key would be a third of the stack of the hooks' programs. */
lb_once int lb_ct_find6(struct lb_pass *pass)
{
	struct lb_ct_key6 key;
	const struct lb_ct6 *ct;

	if (!pass)
		return false;
	lb_ct_key6_of(&key, &pass->pkt.tuple, pass->hook);
	ct = bpf_map_lookup_elem(&lb_conntrack6, &key);
	if (!ct)
		return false;
	lb_copy16(pass->to.src, ct->src);
	lb_copy16(pass->to.dst, ct->dst);
	pass->to.sport = ct->sport;
	pass->to.dport = ct->dport;
	pass->to.proto = key.proto;
	pass->to.family = 6;
	pass->to.pad = 0;
	pass->ct = ct->state;
	/* The copy is what is sealed or not, not what stands there by now. */
	lb_touch(*pass);
	return lb_ct_unseal(&pass->ct, lb_ct_seal6(&key, pass->to.src, pass->to.dst, pass->to.sport,
						   pass->to.dport));
}

/* As lb_ipv4_rewrite(). No header checksum makes up for the changes, so a sum that the device took
 * of the packet changes with them: by the hop limit's here; the addresses' are with the L4
 * checksum's. */
lb_inline bool lb_ipv6_rewrite(hook_ctx *ctx, const struct lb_packet *pkt,
			       const struct lb_tuple *to, __u32 hops, __u32 *diff)
{
	struct ipv6hdr *ip = lb_reach(ctx, pkt->l3, sizeof(*ip));
	__u64 sum = 0;

	if (unlikely(!ip))
		return false;
	sum = lb_csum_diff16(sum, pkt->tuple.src, to->src);
	sum = lb_csum_diff16(sum, pkt->tuple.dst, to->dst);
	*diff = lb_csum_fold32(sum);
	lb_copy16((__be32 *)&ip->saddr, to->src);
	lb_copy16((__be32 *)&ip->daddr, to->dst);
	if (hops) {
		ip->hop_limit--;
		hook_csum_add(ctx, (__u16)~bpf_htons(0x0001));
	}
	return true;
}

#endif
