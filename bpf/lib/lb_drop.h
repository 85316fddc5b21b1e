/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The end of a packet's pass: counted by its reason, and reported when it was dropped. */
#ifndef LB_DROP_H
#define LB_DROP_H

#include "lb_traffic.h"

/* For `return`: says why and what then. */
lb_inline int lb_end(struct lb_pass *pass, enum lb_reason reason, int verdict)
{
	pass->reason = reason;
	return verdict;
}

lb_inline bool lb_bad_end(enum lb_reason reason)
{
	return reason >= LB_PKT_REPLY_LOST && reason < LB_CT_EVICTED;
}

lb_once int lb_event_write(const struct lb_pass *pass)
{
	const struct lb_settings *set = lb_settings_get();
	struct lb_event *event;

	if (!pass || !set || !(set->flags & LB_SET_EVENTS))
		return 0;
	event = bpf_ringbuf_reserve(&lb_events, sizeof(*event), 0);
	if (!event) {
		lb_count(LB_EVENT_LOST);
		return -ENOENT;
	}
	event->time_ns = bpf_ktime_get_ns();
	lb_copy16(event->src, pass->pkt.tuple.src);
	lb_copy16(event->dst, pass->pkt.tuple.dst);
	event->sport = pass->pkt.tuple.sport;
	event->dport = pass->pkt.tuple.dport;
	event->proto = pass->pkt.tuple.proto;
	event->pad = 0;
	event->reason = pass->reason;
	event->ifindex = pass->ifindex;
	event->len = pass->pkt.len;
	event->service_id = pass->ct.service_id;
	event->reserved = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

lb_inline int lb_finish(const struct lb_pass *pass, int verdict)
{
	lb_count_packet(pass->reason, pass->pkt.len);
	if (cfg_traffic)
		lb_traffic_count(pass, pass->reason);
	if (unlikely(lb_bad_end(pass->reason)))
		lb_event_write(pass);
	return verdict;
}

#endif
