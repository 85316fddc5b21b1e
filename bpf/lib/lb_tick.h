/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The clock of what ages: flows, and what sockets remember. */
#ifndef LB_TICK_H
#define LB_TICK_H

#include "lb_abi.h"
#include "lb_kernel.h"

lb_inline __u32 lb_tick_now(void)
{
	return bpf_ktime_get_coarse_ns() >> LB_TICK_SHIFT;
}

#endif
