/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP errors about translated flows, with one rule for all of them. The flow's entry says of the
 * direction in which the error travels: (a -> b) => (a2 -> b2), so the packet that the error is
 * about went from b to a and was, before (or after) us, one from b2 to a2.
 *
 *   outer destination  b2
 *   outer source       a2 if the flow changes that end, for then nobody may see who is behind it;
 *                      otherwise whoever reports the error, as it is
 *   inner packet       b2 -> a2, with its ports and its checksums as far as the error carries them
 */
#ifndef LB_ICMP_H
#define LB_ICMP_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stddef.h>

#include "lb_csum.h"
#include "lb_packet.h"

/* Bytes 10 to 19 of an IPv4 header. */
struct lb_icmp_ends4 {
	__sum16 check;
	__be16 src[2];
	__be16 dst[2];
};

struct lb_icmp_ends6 {
	__be32 src[4];
	__be32 dst[4];
};

/* Replaces addresses and header checksum of the IPv4 header at `off`, src where it is given.
 * `diff` is added what that does to a sum over the addresses; the header's own sum does not change.
 */
static __noinline long lb_icmp_turn4(hook_ctx *ctx, __u32 off, const __be32 *src, const __be32 *dst,
				     __u64 *diff)
{
	struct lb_icmp_ends4 ends = {};
	__be32 addr[2];
	__u64 sum = 0;
	long err;

	off += offsetof(struct iphdr, check);
	err = hook_read(ctx, off, &ends, sizeof(ends));
	if (err)
		return err;
	__builtin_memcpy(addr, ends.src, sizeof(addr));
	if (src) {
		sum = lb_csum_diff(sum, addr[0], *src);
		addr[0] = *src;
	}
	sum = lb_csum_diff(sum, addr[1], *dst);
	addr[1] = *dst;
	__builtin_memcpy(ends.src, addr, sizeof(addr));
	ends.check = lb_csum_apply(ends.check, sum);
	*diff += lb_csum_fold32(sum);
	return hook_write(ctx, off, &ends, sizeof(ends));
}

/* The same of an IPv6 header, which has no checksum to make up for the change. */
static __noinline long lb_icmp_turn6(hook_ctx *ctx, __u32 off, const __be32 *src, const __be32 *dst,
				     __u64 *diff)
{
	struct lb_icmp_ends6 ends = {};
	__u64 sum = 0;
	long err;

	off += offsetof(struct ipv6hdr, saddr);
	err = hook_read(ctx, off, &ends, sizeof(ends));
	if (err)
		return err;
	if (src) {
		sum = lb_csum_diff16(sum, ends.src, src);
		__builtin_memcpy(ends.src, src, sizeof(ends.src));
	}
	sum = lb_csum_diff16(sum, ends.dst, dst);
	__builtin_memcpy(ends.dst, dst, sizeof(ends.dst));
	*diff += lb_csum_fold32(sum);
	return hook_write(ctx, off, &ends, sizeof(ends));
}

/* Where the checksum of the inner packet lies; 0: nowhere within the error. That of SCTP is left
 * alone: it covers what was cut off, and who gets the error looks at ports and verification tag. */
lb_inline __u32 lb_icmp_inner_check(hook_ctx *ctx, const struct lb_packet *pkt)
{
	__u32 at = pkt->inner_l4;

	if (pkt->tuple.proto == IPPROTO_TCP)
		at += 16;
	else if (pkt->tuple.proto == IPPROTO_UDP)
		at += 6;
	else
		return 0;
	return at + sizeof(__sum16) <= pkt->l3 + pkt->len ? at : 0;
}

/* Ports and checksum of the inner packet, whose addresses changed by `addrs`. `diff` is added what
 * that does to a sum over them. */
static __noinline long lb_icmp_turn_l4(hook_ctx *ctx, const struct lb_packet *pkt,
				       const struct lb_tuple *to, __u64 addrs, __u64 *diff)
{
	__u32 at = lb_icmp_inner_check(ctx, pkt);
	__be16 ports[2] = {to->dport, to->sport};
	__sum16 check = 0, old;
	__be32 was, is;
	__u64 sum;
	long err;

	err = hook_read(ctx, pkt->inner_l4, &was, sizeof(was));
	if (err)
		return err;
	__builtin_memcpy(&is, ports, sizeof(is));
	sum = lb_csum_diff(0, was, is);
	*diff += sum;
	if (was != is)
		err = hook_write(ctx, pkt->inner_l4, &is, sizeof(is));
	if (err || !at)
		return err;
	err = hook_read(ctx, at, &check, sizeof(check));
	/* A UDP sender need not compute one. */
	if (err || (!check && pkt->tuple.proto == IPPROTO_UDP))
		return err;
	old = check;
	check = lb_csum_apply(check, sum + addrs);
	if (!check && pkt->tuple.proto == IPPROTO_UDP)
		check = 0xffff;
	*diff += (__u16)~old + (__u64)check;
	return hook_write(ctx, at, &check, sizeof(check));
}

/*
 * Translates the error `pkt` (LB_PACKET_ICMP_ERROR; its tuple is a -> b) as its flow's entry says:
 * `to` is a2 -> b2. TTL and link header are the caller's. 0 or a negative error, and then the
 * packet may be half changed; moves the packet.
 */
static __noinline long lb_icmp_translate(hook_ctx *ctx, const struct lb_packet *pkt,
					 const struct lb_tuple *to)
{
	const __be32 *src = NULL;
	__u64 outer = 0, inner = 0, diff = 0;
	long err;

	for (int i = 0; i < 4; i++) {
		if (pkt->tuple.src[i] != to->src[i])
			src = to->src;
	}
	if (pkt->tuple.family == 4) {
		err = lb_icmp_turn4(ctx, pkt->l3, src ? src + 3 : NULL, to->dst + 3, &outer);
		/* Addresses and header checksum of the inner packet make up for each other. */
		if (!err)
			err = lb_icmp_turn4(ctx, pkt->inner_l3, to->dst + 3, to->src + 3, &inner);
	} else {
		err = lb_icmp_turn6(ctx, pkt->l3, src, to->dst, &outer);
		if (!err)
			err = lb_icmp_turn6(ctx, pkt->inner_l3, to->dst, to->src, &inner);
		diff = inner;
	}
	if (!err)
		err = lb_icmp_turn_l4(ctx, pkt, to, inner, &diff);
	if (!err)
		err = hook_l4_csum(ctx, pkt->l4 + 2, 0, lb_csum_fold32(diff), 0);
	if (err || pkt->tuple.family == 4)
		return err;
	/* Addresses, and what they do to the ICMPv6 checksum: they make up for each other in a sum
	 * that the device took, but hook_l4_csum() counts on a header checksum for that. */
	hook_csum_add(ctx, lb_csum_fold32(outer));
	return hook_l4_csum(ctx, pkt->l4 + 2, 0, lb_csum_fold32(outer), HOOK_CSUM_PSEUDO);
}

#endif
