/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Finding the service that a destination names. */
#ifndef LB_SERVICE_H
#define LB_SERVICE_H

#include "lb_addr.h"
#include "lb_maps.h"

/* What lb_service.seal must be: of the frontend, and of all else that the value says. The agent
 * computes the same when it encodes one. Each factor is odd, so no change of one field is missed.
 */
lb_inline __u32 lb_service_seal(__u32 addr_fold, __be16 port, __u8 proto,
				const struct lb_service *svc)
{
	return addr_fold * 0x9E3779B1u + (((__u32)port << 8) | proto) * 0x85EBCA6Bu +
	       svc->id * 0xC2B2AE35u + svc->flags * 0x27D4EB2Fu + svc->affinity_sec * 0x165667B1u +
	       svc->cluster.first * 0xCC9E2D51u + svc->cluster.count * 0x1B873593u +
	       svc->local.first * 0xE6546B65u + svc->local.count * 0x2545F491u;
}

/*
 * Copies the value out and tells whether the copy is the frontend's: whoever reuses the element
 * meanwhile, and in whatever order his writes are seen here, a copy of parts does not fit its seal.
 */
lb_inline bool lb_service_read(const struct lb_service *from, __u32 addr_fold, __be16 port,
			       __u8 proto, struct lb_service *to)
{
	to->seal = READ_ONCE(from->seal);
	to->id = READ_ONCE(from->id);
	to->flags = READ_ONCE(from->flags);
	to->affinity_sec = READ_ONCE(from->affinity_sec);
	to->cluster.first = READ_ONCE(from->cluster.first);
	to->cluster.count = READ_ONCE(from->cluster.count);
	to->local.first = READ_ONCE(from->local.first);
	to->local.count = READ_ONCE(from->local.count);
	return to->seal == lb_service_seal(addr_fold, port, proto, to);
}

enum lb_lookup {
	LB_LOOKUP_NONE, /* no service: leave it alone */
	LB_LOOKUP_FOUND,
	LB_LOOKUP_RACED, /* the element was replaced while we read it: look again */
};

lb_inline enum lb_lookup lb_service_find4(const struct lb_addr *dst, struct lb_service *svc)
{
	struct lb_frontend4 key = {.addr = dst->addr[3], .port = dst->port, .proto = dst->proto};
	const struct lb_service *found = bpf_map_lookup_elem(&lb_services4, &key);

	if (!found)
		return LB_LOOKUP_NONE;
	if (unlikely(!lb_service_read(found, key.addr, key.port, key.proto, svc)))
		return LB_LOOKUP_RACED;
	return LB_LOOKUP_FOUND;
}

lb_inline enum lb_lookup lb_service_find6(const struct lb_addr *dst, struct lb_service *svc)
{
	struct lb_frontend6 key = {.port = dst->port, .proto = dst->proto};
	const struct lb_service *found;
	__u32 fold;

	__builtin_memcpy(key.addr, dst->addr, sizeof(key.addr));
	found = bpf_map_lookup_elem(&lb_services6, &key);
	if (!found)
		return LB_LOOKUP_NONE;
	fold = key.addr[0] ^ key.addr[1] ^ key.addr[2] ^ key.addr[3];
	if (unlikely(!lb_service_read(found, fold, key.port, key.proto, svc)))
		return LB_LOOKUP_RACED;
	return LB_LOOKUP_FOUND;
}

lb_inline enum lb_lookup lb_service_find(const struct lb_addr *dst, struct lb_service *svc)
{
	return lb_addr_is4(dst) ? lb_service_find4(dst, svc) : lb_service_find6(dst, svc);
}

#endif
