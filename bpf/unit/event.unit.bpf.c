/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Lets tests write records to lb_events as a program does: the record travels as the packet. */
#include "lb_maps.h"

struct unit_event {
	__u8 ethernet[16]; /* test_run wants an Ethernet header; zeros will do */
	struct lb_event event;
};

SEC("tc")
int unit_event(struct __sk_buff *skb)
{
	struct unit_event *ctx = (void *)(long)skb->data;
	struct lb_event event;

	if ((void *)(ctx + 1) > (void *)(long)skb->data_end)
		return 1;
	event = ctx->event;
	return bpf_ringbuf_output(&lb_events, &event, sizeof(event), 0) ? 2 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
