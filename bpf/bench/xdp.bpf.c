/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The XDP program under BPF_PROG_TEST_RUN with repeat, as packets.bpf.c has those of tc. */
#include "hook_xdp.h"
#include "lb_front.h"
#include "bench_packet.h"

lb_inline bool bench_restore(struct xdp_md *ctx)
{
	__u32 zero = 0;
	const struct bench_packet *packet = bpf_map_lookup_elem(&b_packet, &zero);
	void *data = hook_data(ctx);

	if (!packet || data + BENCH_HEAD > hook_data_end(ctx))
		return false;
	__builtin_memcpy(data, packet->head, BENCH_HEAD);
	return true;
}

SEC("xdp")
int b_xdp_restore(struct xdp_md *ctx)
{
	return bench_restore(ctx) ? XDP_PASS : XDP_ABORTED;
}

SEC("xdp")
int b_xdp(struct xdp_md *ctx)
{
	if (!bench_restore(ctx))
		return XDP_ABORTED;
	lb_pin(ctx); /* see packets.bpf.c */
	return lb_front(ctx);
}

/* What it leaves is in a tunnel, out of which the next run takes the place of its packet again. At
 * tc this cannot be: the kernel remembers that a packet is in a tunnel. */
SEC("xdp")
int b_xdp_tunnel(struct xdp_md *ctx)
{
	int verdict;

	if (!bench_restore(ctx))
		return XDP_ABORTED;
	lb_pin(ctx);
	verdict = lb_front(ctx);
	if (verdict == XDP_REDIRECT && bpf_xdp_adjust_head(ctx, lb_tunnel_head(true)))
		return XDP_ABORTED;
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
