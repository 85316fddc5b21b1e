/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Traces: what becomes of flows, told while somebody looks on. Asked only where a flow begins or
 * ends, never for what goes on. The agent says until when, and says it again each second; so
 * programs fall silent by themselves when it is gone.
 */
#ifndef LB_TRACE_H
#define LB_TRACE_H

#include "lb_maps.h"
#include "lb_tick.h"

lb_inline __u64 *lb_trace_at(enum lb_trace_place place)
{
	__u32 index = place;

	return bpf_map_lookup_elem(&lb_tracing, &index);
}

/* Whether flows of the service are traced, perhaps. While nobody looks on this is all that is
 * paid. */
lb_inline bool lb_traced(__u32 service_id)
{
	const __u64 *services = lb_trace_at(LB_TRACE_SERVICES);

	return services && unlikely(READ_ONCE(*services) >> (service_id % LB_TRACE_BITS) & 1) &&
	       service_id;
}

/* After lb_traced(). A record with its time, all else 0; NULL: none is wanted any more, or there is
 * no room. */
lb_inline struct lb_trace *lb_trace_begin(void)
{
	const __u64 *until = lb_trace_at(LB_TRACE_UNTIL);
	struct lb_trace *trace;
	__u64 *lost;

	if (!until || (__s32)((__u32)READ_ONCE(*until) - lb_tick_now()) <= 0)
		return NULL;
	trace = bpf_ringbuf_reserve(&lb_traces, sizeof(*trace), 0);
	if (!trace) {
		lost = lb_trace_at(LB_TRACE_LOST);
		if (lost)
			__sync_fetch_and_add(lost, 1);
		return NULL;
	}
	__builtin_memset(trace, 0, sizeof(*trace));
	trace->time_ns = bpf_ktime_get_ns();
	return trace;
}

/* The agent comes by itself: nobody is woken. */
lb_inline void lb_trace_end(struct lb_trace *trace)
{
	bpf_ringbuf_submit(trace, BPF_RB_NO_WAKEUP);
}

#endif
