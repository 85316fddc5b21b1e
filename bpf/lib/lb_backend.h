/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Backends: by id, and which ones a memory (affinity, UDP flow) may still name. */
#ifndef LB_BACKEND_H
#define LB_BACKEND_H

#include "lb_maps.h"

lb_inline const struct lb_backend *lb_backend_get(__u32 id)
{
	return bpf_map_lookup_elem(&lb_backends, &id);
}

/* The backend that was chosen earlier, if it still is in one of the lists (LB_BACKEND_IN_ flags; or
 * keeps what it has: LB_BACKEND_KEEPS) of the service; NULL else. */
lb_inline const struct lb_backend *lb_backend_recall(__u32 id, __u32 service_id, __u32 lists)
{
	const struct lb_backend *backend = lb_backend_get(id);

	if (!backend || READ_ONCE(backend->service_id) != service_id)
		return NULL;
	return READ_ONCE(backend->flags) & lists ? backend : NULL;
}

#endif
