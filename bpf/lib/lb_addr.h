/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Addresses in 16 bytes, IPv4 as v4-mapped. */
#ifndef LB_ADDR_H
#define LB_ADDR_H

#include "lb_abi.h"
#include "lb_kernel.h"

#define LB_MAPPED_PREFIX bpf_htonl(0x0000ffff)

lb_inline void lb_copy16(__be32 *to, const __be32 *from)
{
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
	to[3] = from[3];
}

lb_inline bool lb_same16(const __be32 *a, const __be32 *b)
{
	return a[3] == b[3] && a[2] == b[2] && a[1] == b[1] && a[0] == b[0];
}

lb_inline void lb_addr_set4(struct lb_addr *to, __be32 addr, __be16 port, __u8 proto)
{
	to->addr[0] = 0;
	to->addr[1] = 0;
	to->addr[2] = LB_MAPPED_PREFIX;
	to->addr[3] = addr;
	to->port = port;
	to->proto = proto;
	to->pad = 0;
}

lb_inline bool lb_addr_is4(const struct lb_addr *addr)
{
	return addr->addr[0] == 0 && addr->addr[1] == 0 && addr->addr[2] == LB_MAPPED_PREFIX;
}

lb_inline bool lb_addr_same(const struct lb_addr *a, const struct lb_addr *b)
{
	return a->addr[3] == b->addr[3] && a->port == b->port && a->proto == b->proto &&
	       a->addr[2] == b->addr[2] && a->addr[1] == b->addr[1] && a->addr[0] == b->addr[0];
}

#endif
