/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What asks a ClusterIP for a port that no service has there, or an address of a service CIDR that
 * no service has (docs/contract.md 8). */
#ifndef LB_UNKNOWN_H
#define LB_UNKNOWN_H

#include "lb_frontend.h"
#include "lb_select.h"

/* Whether the destination, which is no frontend, could be one of the two. All that does not pay
 * this comparison and nothing else. */
lb_inline bool lb_unknown_near(const struct lb_settings *set, const struct lb_addr *dst)
{
	if (lb_addr_is4(dst))
		return set->flags & LB_SET_SVC4 && (dst->addr[3] & set->svc4_mask) == set->svc4;
	return set->flags & LB_SET_SVC6 && (dst->addr[0] & set->svc6_mask[0]) == set->svc6[0] &&
	       (dst->addr[1] & set->svc6_mask[1]) == set->svc6[1] &&
	       (dst->addr[2] & set->svc6_mask[2]) == set->svc6[2] &&
	       (dst->addr[3] & set->svc6_mask[3]) == set->svc6[3];
}

/* The service whose ClusterIP it is. Replaced under our eyes: who asks again is told the truth. */
lb_inline enum lb_verdict lb_unknown_port(const struct lb_service *found, __u32 addr_fold,
					  __u32 *service_id)
{
	struct lb_service svc;

	if (!lb_service_read(found, addr_fold, 0, 0, &svc))
		return LB_PASS;
	*service_id = svc.id;
	return LB_REFUSE;
}

lb_inline enum lb_verdict lb_unknown4(const struct lb_addr *dst, __u32 *service_id)
{
	struct lb_frontend4 key = {.addr = dst->addr[3]};
	const struct lb_service *svc = bpf_map_lookup_elem(&lb_services4, &key);

	if (svc) {
		return lb_unknown_port(svc, key.addr, service_id);
	} else {
		struct lb_prefix4 cidr = {.prefix_len = 32, .addr = dst->addr[3]};

		return bpf_map_lookup_elem(&lb_svc_cidrs4, &cidr) ? LB_DROP : LB_PASS;
	}
}

lb_inline enum lb_verdict lb_unknown6(const struct lb_addr *dst, __u32 *service_id)
{
	/* The address is at the same place in both keys, and the stack is short. */
	union {
		struct lb_frontend6 fe;
		struct lb_prefix6 cidr;
	} key = {};
	const struct lb_service *svc;
	__u32 fold = dst->addr[0] ^ dst->addr[1] ^ dst->addr[2] ^ dst->addr[3];

	__builtin_memcpy(key.fe.addr, dst->addr, sizeof(key.fe.addr));
	svc = bpf_map_lookup_elem(&lb_services6, &key.fe);
	if (svc)
		return lb_unknown_port(svc, fold, service_id);
	key.cidr.prefix_len = 128;
	__builtin_memcpy(key.cidr.addr, dst->addr, sizeof(key.cidr.addr));
	return bpf_map_lookup_elem(&lb_svc_cidrs6, &key.cidr) ? LB_DROP : LB_PASS;
}

/*
 * Only for what lb_unknown_near() says. LB_REFUSE: a ClusterIP of the service `*service_id`;
 * LB_DROP: nobody's. An address that an interface of the node has is left alone, whoever gave it
 * out: a cache of DNS on every node listens on the ClusterIP itself.
 */
lb_once enum lb_verdict lb_unknown(const struct lb_addr *dst, __u32 *service_id)
{
	if (!dst || !service_id || lb_node_addr_get(dst))
		return LB_PASS;
	return lb_addr_is4(dst) ? lb_unknown4(dst, service_id) : lb_unknown6(dst, service_id);
}

#endif
