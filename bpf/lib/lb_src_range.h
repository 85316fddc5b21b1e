/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* loadBalancerSourceRanges (docs/contract.md 7). */
#ifndef LB_SRC_RANGE_H
#define LB_SRC_RANGE_H

#include "lb_addr.h"
#include "lb_maps.h"

/* Whether the source (IPv4 as v4-mapped) may use the LB VIPs of the service port. */
lb_inline bool lb_src_allowed(__u32 service_id, const __be32 *src)
{
	if (src[0] == 0 && src[1] == 0 && src[2] == LB_MAPPED_PREFIX) {
		struct lb_src_range4 key = {
			.prefix_len = 64, .service_id = service_id, .addr = src[3]};

		return bpf_map_lookup_elem(&lb_src_ranges4, &key);
	} else {
		struct lb_src_range6 key = {.prefix_len = 160, .service_id = service_id};

		__builtin_memcpy(key.addr, src, sizeof(key.addr));
		return bpf_map_lookup_elem(&lb_src_ranges6, &key);
	}
}

#endif
