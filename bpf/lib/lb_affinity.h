/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* ClientIP session affinity: per client and service port, its time-out restarted by each new
 * connection. */
#ifndef LB_AFFINITY_H
#define LB_AFFINITY_H

#include "lb_backend.h"

lb_inline const struct lb_backend *lb_affinity_recall(const struct lb_aff_key *key,
						      __u32 timeout_sec, enum lb_backend_flag list,
						      __u32 *id)
{
	struct lb_aff *aff = bpf_map_lookup_elem(&lb_affinity, key);
	const struct lb_backend *backend;
	__u64 now;

	if (!aff)
		return NULL;
	now = bpf_ktime_get_coarse_ns();
	if (now - aff->used_ns >= timeout_sec * NSEC_PER_SEC)
		return NULL;
	*id = aff->backend_id;
	backend = lb_backend_recall(*id, key->service_id, list);
	if (backend)
		aff->used_ns = now;
	return backend;
}

/* What a client got while only its namespace was known. */
lb_inline const struct lb_backend *lb_affinity_before(__u64 netns, const struct lb_service *svc,
						      enum lb_backend_flag list, __u32 *id)
{
	struct lb_aff_key key = {.client = {(__u32)netns, netns >> 32},
				 .service_id = svc->id,
				 .kind = LB_CLIENT_NETNS};

	return lb_affinity_recall(&key, svc->affinity_sec, list, id);
}

lb_inline void lb_affinity_remember(const struct lb_aff_key *key, __u32 backend_id)
{
	struct lb_aff aff = {.backend_id = backend_id, .used_ns = bpf_ktime_get_coarse_ns()};

	bpf_map_update_elem(&lb_affinity, key, &aff, BPF_ANY);
}

#endif
