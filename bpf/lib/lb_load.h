/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which connections a service port and its backends have: every one that begins is counted here
 * once, and once when it ends, whoever ends it. What the agent ends is counted by
 * FlowMaps.CountEnd, by the same rule.
 */
#ifndef LB_LOAD_H
#define LB_LOAD_H

#include "lb_addr.h"
#include "lb_backend.h"
#include "lb_stats.h"

/* One word: active and begun rise together. */
#define LB_LOAD_BEGUN (1ULL << 32)
#define LB_LOAD_ONE   1ULL

/* The words of an address in one. Within a service it tells one backend from another. */
lb_inline __u32 lb_addr_fold(const __be32 *addr)
{
	return addr[0] ^ addr[1] ^ addr[2] ^ addr[3];
}

lb_inline __u32 lb_addr_fold4(__be32 addr)
{
	return addr ^ LB_MAPPED_PREFIX;
}

lb_inline struct lb_load *lb_load_get(__u32 backend_id)
{
	return bpf_map_lookup_elem(&lb_load, &backend_id);
}

/* A connection begins; its backend was chosen in this run, so the id is still the backend's. */
lb_inline void lb_begun(__u32 service_id, __u32 backend_id)
{
	struct lb_svc_stat *stat = lb_svc_stat(service_id);
	struct lb_load *load = lb_load_get(backend_id);

	if (stat)
		stat->connections++;
	if (load)
		__sync_fetch_and_add((__u64 *)load, LB_LOAD_BEGUN | LB_LOAD_ONE);
}

/*
 * Whether the id is still that of a connection's backend: the connection may have outlived it, and
 * the id belong to another one.
 */
lb_inline bool lb_backend_still(__u32 service_id, __u32 backend_id, __u32 addr_fold, __be16 port)
{
	const struct lb_backend *backend = lb_backend_get(backend_id);

	return backend && READ_ONCE(backend->service_id) == service_id && backend->port == port &&
	       lb_addr_fold(backend->addr) == addr_fold;
}

/* The count of a connection's backend, if the id is still that backend's. */
lb_inline struct lb_load *lb_load_of(__u32 service_id, __u32 backend_id, __u32 addr_fold,
				     __be16 port)
{
	return lb_backend_still(service_id, backend_id, addr_fold, port) ? lb_load_get(backend_id)
									 : NULL;
}

/*
 * A connection of the backend with this address ended. Never below 0: one that began before there
 * were counts would else be missing for ever, as this heals when the backend has none.
 */
lb_once int lb_ended(__u32 service_id, __u32 backend_id, __u32 addr_fold, __u32 port)
{
	struct lb_svc_stat *stat = lb_svc_stat(service_id);
	struct lb_load *load = lb_load_of(service_id, backend_id, addr_fold, port);

	if (stat)
		stat->closed++;
	if (load && __sync_fetch_and_add(&load->active, -1) == 0)
		__sync_fetch_and_add(&load->active, 1);
	return 0;
}

/* One that was counted as ended goes on after all. */
lb_once int lb_resumed(__u32 service_id, __u32 backend_id, __u32 addr_fold, __u32 port)
{
	struct lb_svc_stat *stat = lb_svc_stat(service_id);
	struct lb_load *load = lb_load_of(service_id, backend_id, addr_fold, port);

	if (stat)
		stat->closed--;
	if (load)
		__sync_fetch_and_add(&load->active, 1);
	return 0;
}

#endif
