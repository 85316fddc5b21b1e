/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Turning a packet from what it came as into what it leaves as, checksums included. */
#ifndef LB_NAT_H
#define LB_NAT_H

#include "lb_crc32c.h"
#include "lb_ipv4.h"
#include "lb_ipv6.h"

#define LB_TCP_CSUM_OFF 16
#define LB_UDP_CSUM_OFF 6

lb_inline __u32 lb_ports(__be16 sport, __be16 dport)
{
	return (__u32)dport << 16 | sport;
}

/*
 * Ports and the checksum of TCP or UDP. The kernel's helper keeps the checksum, because only it
 * knows whether that is complete, left to the device, or taken by it. A UDP checksum of 0 means
 * none.
 */
lb_inline bool lb_nat_l4(hook_ctx *ctx, const struct lb_walk *walk, __u32 addr_diff)
{
	const struct lb_packet *pkt = &walk->pkt;
	__u32 old = lb_ports(pkt->tuple.sport, pkt->tuple.dport);
	__u32 new = lb_ports(walk->to.sport, walk->to.dport);
	__u32 at = pkt->l4, flags = 0;
	__be16 *ports = lb_reach(ctx, at, 8);

	if (!ports)
		return false;
	ports[0] = walk->to.sport;
	ports[1] = walk->to.dport;
	if (pkt->tuple.proto == IPPROTO_UDP) {
		if (!ports[3]) {
			hook_csum_add(ctx, lb_csum_fold32(lb_csum_diff(0, old, new)));
			return true;
		}
		at += LB_UDP_CSUM_OFF;
		flags = HOOK_CSUM_ZERO;
	} else {
		at += LB_TCP_CSUM_OFF;
	}
	if (hook_l4_csum(ctx, at, 0, addr_diff, flags | HOOK_CSUM_PSEUDO))
		return false;
	return old == new || !hook_l4_csum(ctx, at, old, new, flags | sizeof(new));
}

/* SCTP's checksum does not know addresses. */
HOOK_ONCE int lb_nat_sctp(hook_ctx *ctx, struct lb_walk *walk)
{
	struct lb_packet *pkt;
	__u32 old, new;
	__be16 *ports;

	if (!walk)
		return false;
	pkt = &walk->pkt;
	old = lb_ports(pkt->tuple.sport, pkt->tuple.dport);
	new = lb_ports(walk->to.sport, walk->to.dport);
	ports = lb_reach(ctx, pkt->l4, 8);
	if (!ports)
		return false;
	ports[0] = walk->to.sport;
	ports[1] = walk->to.dport;
	return old == new || !lb_sctp_ports(ctx, pkt, old, new);
}

/* False: the kernel would not let us. */
lb_inline bool lb_nat(hook_ctx *ctx, struct lb_walk *walk, __u32 hops)
{
	__u32 diff;

	if (!(walk->pkt.tuple.family == 4
		      ? lb_ipv4_rewrite(ctx, &walk->pkt, &walk->to, hops, &diff)
		      : lb_ipv6_rewrite(ctx, &walk->pkt, &walk->to, hops, &diff)))
		return false;
	if (unlikely(walk->pkt.flags & LB_PACKET_FRAG_LATER))
		return true;
	if (unlikely(walk->pkt.tuple.proto == IPPROTO_SCTP))
		return lb_nat_sctp(ctx, walk);
	return lb_nat_l4(ctx, walk, diff);
}

#endif
