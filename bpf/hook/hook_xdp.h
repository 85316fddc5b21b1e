/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The verbs of hook.h on xdp_md, as far as packets go that are translated in front of the stack.
 * What a verb cannot do fails: such a packet goes on to tc. */
#ifndef HOOK_XDP_H
#define HOOK_XDP_H

#include <linux/if_ether.h>

#include "hook.h"
#include "lb_config.h"

#define hook_ctx       struct xdp_md
#define HOOK_CT_LOOKUP bpf_xdp_ct_lookup

/* See hook_tc.h. */
#define HOOK_ONCE static __noinline __attribute__((unused))

/* Where traces say that it was. */
#define HOOK_TRACED LB_TRACE_AT_XDP

#define HOOK_PASS	 XDP_PASS
#define HOOK_DROP	 XDP_DROP
#define HOOK_CSUM_PSEUDO 0
#define HOOK_CSUM_ZERO	 0

lb_inline void *hook_data(hook_ctx *ctx)
{
	return (void *)(long)ctx->data;
}

lb_inline void *hook_data_end(hook_ctx *ctx)
{
	return (void *)(long)ctx->data_end;
}

/* Only packets in one piece come here. */
lb_inline long hook_pull(hook_ctx *ctx, __u32 len)
{
	return -EINVAL;
}

lb_inline long hook_read(hook_ctx *ctx, __u32 off, void *to, __u32 len)
{
	return bpf_xdp_load_bytes(ctx, off, to, len);
}

/* Nothing of ours is written through it in front of the stack. */
lb_inline long hook_write(hook_ctx *ctx, __u32 off, const void *from, __u32 len)
{
	return -EINVAL;
}

/* `len` is a constant where it is called. */
lb_inline long hook_write_new(hook_ctx *ctx, __u32 off, const void *from, __u32 len)
{
	void *at = hook_data(ctx) + off;

	if (at + len > hook_data_end(ctx))
		return -EINVAL;
	__builtin_memcpy(at, from, len);
	return 0;
}

lb_inline long hook_grow(hook_ctx *ctx, int by)
{
	return bpf_xdp_adjust_head(ctx, -by);
}

/* Of checksums that a device or the kernel will yet finish only the kernel knows. */
lb_inline long hook_l4_csum(hook_ctx *ctx, __u32 off, __u64 old, __u64 new, __u64 flags)
{
	return -EINVAL;
}

/* A sum that the device took of the packet ends with the frame. */
lb_inline void hook_csum_add(hook_ctx *ctx, __u32 diff)
{
}

lb_inline __u32 hook_len(hook_ctx *ctx)
{
	return ctx->data_end - ctx->data;
}

lb_inline __u32 hook_segment(hook_ctx *ctx)
{
	return 0;
}

lb_inline __be16 hook_protocol(hook_ctx *ctx)
{
	return 0;
}

lb_inline __u32 hook_vlan(hook_ctx *ctx)
{
	return 0;
}

/* Frames of VLANs come by as they are on the wire. */
#define HOOK_READS_TAGS 1

/* Routes, flows and lb_devices know bonds and not their ports. */
lb_inline __u32 hook_ifindex(hook_ctx *ctx)
{
	return cfg_xdp_bond ? cfg_xdp_bond : ctx->ingress_ifindex;
}

lb_inline __u32 hook_port(hook_ctx *ctx)
{
	return ctx->ingress_ifindex;
}

lb_inline long hook_route(hook_ctx *ctx, struct bpf_fib_lookup *fib, __u32 flags)
{
	return bpf_fib_lookup(ctx, fib, sizeof(*fib), flags);
}

lb_inline __u32 hook_mtu(hook_ctx *ctx, __u32 ifindex)
{
	__u32 mtu = 0;

	bpf_check_mtu(ctx, ifindex, &mtu, 0, 0);
	return mtu;
}

#include "hook_ask.h"

#endif
