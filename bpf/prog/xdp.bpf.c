/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Packets that come in, in front of the stack: XDP. */
#include "hook_xdp.h"
#include "lb_front.h"

SEC("xdp")
int lb_xdp(struct xdp_md *ctx)
{
	return lb_front(ctx);
}

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";
