/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Counting, in one place. Per-CPU elements need no atomics: a program is not preempted by itself on
 * its CPU. */
#ifndef LB_STATS_H
#define LB_STATS_H

#include "lb_config.h"
#include "lb_maps.h"

lb_inline void lb_count(enum lb_reason reason)
{
	__u32 index = reason;
	struct lb_stat *stat = bpf_map_lookup_elem(&lb_stats, &index);

	if (stat)
		stat->count++;
}

/* The one exit of a packet. */
lb_inline void lb_count_packet(enum lb_reason reason, __u32 len)
{
	__u32 index = reason;
	struct lb_stat *stat = bpf_map_lookup_elem(&lb_stats, &index);

	if (!stat)
		return;
	stat->count++;
	stat->bytes += len;
}

/* The counters of a service port on this CPU, NULL when they are switched off. */
lb_inline struct lb_svc_stat *lb_svc_stat(__u32 service_id)
{
	__u32 index;

	if (!cfg_svc_stats || service_id >= cfg_services)
		return NULL;
	index = bpf_get_smp_processor_id() * cfg_services + service_id;
	return bpf_map_lookup_elem(&lb_svc_stats, &index);
}

#endif
