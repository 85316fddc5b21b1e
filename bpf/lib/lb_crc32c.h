/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef LB_CRC32C_H
#define LB_CRC32C_H
#include "lb_parse.h"
static __noinline long lb_sctp_ports(hook_ctx *ctx, const struct lb_packet *pkt, __u32 old,
				     __u32 new)
{
	return -1;
}
#endif
