/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Finding the service that a destination names. */
#ifndef LB_SERVICE_H
#define LB_SERVICE_H

#include "lb_addr.h"
#include "lb_maps.h"

/* What lb_service.check of a frontend must be; the agent computes the same when it encodes one. */
lb_inline __u32 lb_fe_check(__u32 addr_fold, __be16 port, __u8 proto)
{
	return addr_fold * 0x9E3779B1u + (((__u32)port << 8) | proto) * 0x85EBCA6Bu;
}

/*
 * Copies the value out and tells whether it still is the frontend's: `check` is the value's first
 * field, so a writer who reuses the element writes it before the rest, and we read it after the
 * rest.
 */
lb_inline bool lb_service_read(const struct lb_service *from, __u32 check, struct lb_service *to)
{
	/* One read each: never the start of one list with the length of another. */
	__u64 cluster = READ_ONCE(*(const __u64 *)&from->cluster);
	__u64 local = READ_ONCE(*(const __u64 *)&from->local);

	to->cluster.first = (__u32)cluster;
	to->cluster.count = cluster >> 32;
	to->local.first = (__u32)local;
	to->local.count = local >> 32;
	to->id = READ_ONCE(from->id);
	to->flags = READ_ONCE(from->flags);
	to->affinity_sec = READ_ONCE(from->affinity_sec);
	return READ_ONCE(from->check) == check;
}

enum lb_lookup {
	LB_LOOKUP_NONE, /* no service: leave it alone */
	LB_LOOKUP_FOUND,
	LB_LOOKUP_RACED, /* the element was replaced while we read it: look again */
};

lb_inline enum lb_lookup lb_service_find4(const struct lb_addr *dst, struct lb_service *svc)
{
	struct lb_fe4 key = {.addr = dst->addr[3], .port = dst->port, .proto = dst->proto};
	const struct lb_service *found = bpf_map_lookup_elem(&lb_services4, &key);

	if (!found)
		return LB_LOOKUP_NONE;
	if (unlikely(!lb_service_read(found, lb_fe_check(key.addr, key.port, key.proto), svc)))
		return LB_LOOKUP_RACED;
	return LB_LOOKUP_FOUND;
}

lb_inline enum lb_lookup lb_service_find6(const struct lb_addr *dst, struct lb_service *svc)
{
	struct lb_fe6 key = {.port = dst->port, .proto = dst->proto};
	const struct lb_service *found;
	__u32 fold;

	__builtin_memcpy(key.addr, dst->addr, sizeof(key.addr));
	found = bpf_map_lookup_elem(&lb_services6, &key);
	if (!found)
		return LB_LOOKUP_NONE;
	fold = key.addr[0] ^ key.addr[1] ^ key.addr[2] ^ key.addr[3];
	if (unlikely(!lb_service_read(found, lb_fe_check(fold, key.port, key.proto), svc)))
		return LB_LOOKUP_RACED;
	return LB_LOOKUP_FOUND;
}

lb_inline enum lb_lookup lb_service_find(const struct lb_addr *dst, struct lb_service *svc)
{
	return lb_addr_is4(dst) ? lb_service_find4(dst, svc) : lb_service_find6(dst, svc);
}

#endif
