/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef LB_REPLY_H
#define LB_REPLY_H
#include "lb_parse.h"
lb_inline int lb_reply_reset(hook_ctx *ctx, struct lb_packet *pkt)
{
	return HOOK_DROP;
}
lb_inline int lb_reply_unreachable(hook_ctx *ctx, struct lb_packet *pkt)
{
	return HOOK_DROP;
}
lb_inline int lb_reply_too_big(hook_ctx *ctx, struct lb_packet *pkt, __u32 mtu)
{
	return HOOK_DROP;
}
lb_inline int lb_reply_ttl(hook_ctx *ctx, struct lb_packet *pkt)
{
	return HOOK_DROP;
}
#endif
