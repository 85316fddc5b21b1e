/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef LB_ICMP_H
#define LB_ICMP_H
#include "lb_parse.h"
static __noinline long lb_icmp_translate(hook_ctx *ctx, const struct lb_packet *pkt,
					 const struct lb_tuple *to)
{
	return -1;
}
#endif
