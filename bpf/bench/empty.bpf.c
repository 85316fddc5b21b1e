/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The hooks with nothing in them: what any connect hook costs before it does something. */
#include "lb_kernel.h"

SEC("cgroup/connect4")
int empty_connect4(struct bpf_sock_addr *ctx)
{
	return LB_SOCK_ALLOW;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
