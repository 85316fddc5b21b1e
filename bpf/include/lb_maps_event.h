/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Maps by which programs tell the agent what happens; part of lb_maps.h. */
#ifndef LB_MAPS_EVENT_H
#define LB_MAPS_EVENT_H

#include "lb_abi.h"
#include "lb_kernel.h"

/* struct lb_event of each drop, when LB_SET_EVENTS is set. Written by programs, read by the agent.
 * Full: the event is lost and that is counted (LB_EVENT_LOST), its own counter is not. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} lb_events __weak SEC(".maps");

/* Whose flows are traced, until when, and what was lost (enum lb_trace_place). Written by the agent
 * while somebody looks on, read by programs where a flow begins or ends; the lost are counted by
 * programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 3);
} lb_tracing __weak SEC(".maps");

/* struct lb_trace of each flow that begins or ends while it is traced. Written by programs, emptied
 * by the agent ten times a second, which bounds what a flood of flows costs it. Full: the trace is
 * lost and that is counted (LB_TRACE_LOST). */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} lb_traces __weak SEC(".maps");

#endif
