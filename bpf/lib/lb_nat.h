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
 * Whether the checksum field may hold what a device or the kernel will yet finish: the sum of the
 * pseudo header. A finished one looks so once in 65,535 times; the way for unfinished ones is right
 * for it too, only slower.
 */
lb_inline bool lb_csum_unfinished(hook_ctx *ctx, const struct lb_packet *pkt, __u16 check)
{
	__u32 len = pkt->len - (pkt->l4 - pkt->l3);
	__u64 sum = (__u64)bpf_htonl(len) + bpf_htonl(pkt->tuple.proto) + (__u16)~check;

	if (hook_segment(ctx) || pkt->flags & LB_PACKET_FRAG)
		return true;
	sum += (__u64)pkt->tuple.src[3] + pkt->tuple.dst[3];
	if (pkt->tuple.family == 6) {
		sum += (__u64)pkt->tuple.src[0] + pkt->tuple.src[1] + pkt->tuple.src[2];
		sum += (__u64)pkt->tuple.dst[0] + pkt->tuple.dst[1] + pkt->tuple.dst[2];
	}
	return lb_csum_fold16(sum) == 0xffff;
}

/* The checksum field of a packet whose ports are changed already, by the kernel's helper. Kept
 * apart for the stack. */
HOOK_ONCE int lb_nat_unfinished(hook_ctx *ctx, const struct lb_pass *pass, __u32 addr_diff)
{
	__u32 at, flags, old, new;

	if (!pass)
		return false;
	old = lb_ports(pass->pkt.tuple.sport, pass->pkt.tuple.dport);
	new = lb_ports(pass->to.sport, pass->to.dport);
	at = pass->pkt.l4 + LB_TCP_CSUM_OFF;
	flags = 0;
	if (pass->pkt.tuple.proto == IPPROTO_UDP) {
		at = pass->pkt.l4 + LB_UDP_CSUM_OFF;
		flags = HOOK_CSUM_ZERO;
	}
	if (hook_l4_csum(ctx, at, 0, addr_diff, flags | HOOK_CSUM_PSEUDO))
		return false;
	if (pass->pkt.tuple.family == 6)
		hook_csum_add(ctx, addr_diff);
	return old == new || !hook_l4_csum(ctx, at, old, new, flags | sizeof(new));
}

/*
 * Ports and the checksum of TCP or UDP. Only the kernel knows whether the checksum is complete or
 * left to the device, and its helper costs as much as all the rest: it is asked where the field
 * does not tell. A UDP checksum of 0 means none. `finished`: it is known to be.
 */
lb_inline bool lb_nat_l4(hook_ctx *ctx, const struct lb_pass *pass, __u32 addr_diff, bool finished)
{
	const struct lb_packet *pkt = &pass->pkt;
	bool udp = pkt->tuple.proto == IPPROTO_UDP;
	__be16 *ports;
	__u32 old, new;
	__u16 *check;

	/* Apart from each other: before 6.2 the verifier forgets what the compiler puts by, a
	 * length or an offset, and which went with which. */
	if (udp) {
		ports = lb_reach(ctx, pkt->l4, 8);
		if (unlikely(!ports))
			return false;
		check = ports + LB_UDP_CSUM_OFF / 2;
		lb_pin(check);
	} else {
		ports = lb_reach(ctx, pkt->l4, 20);
		if (unlikely(!ports))
			return false;
		check = ports + LB_TCP_CSUM_OFF / 2;
		lb_pin(check);
	}
	lb_touch(*pass); /* the ports are read from here on: the stack is short */
	old = lb_ports(pkt->tuple.sport, pkt->tuple.dport);
	new = lb_ports(pass->to.sport, pass->to.dport);
	*(__u32 *)ports = new;
	if (unlikely(udp && !*check)) {
		if (pkt->tuple.family == 4)
			addr_diff = 0;
		hook_csum_add(ctx, lb_csum_fold32(lb_csum_diff(addr_diff, old, new)));
		return true;
	}
	if (!finished && unlikely(lb_csum_unfinished(ctx, pkt, *check)))
		return lb_nat_unfinished(ctx, pass, addr_diff);
	*check = lb_csum_apply(*check, lb_csum_diff(addr_diff, old, new));
	if (udp && !*check)
		*check = 0xffff;
	/* What the addresses did to the packet's sum, this has undone; of IPv4 the header's own
	 * checksum had done so before. */
	if (pkt->tuple.family == 4)
		hook_csum_add(ctx, ~addr_diff);
	return true;
}

/* SCTP's checksum does not know addresses. */
HOOK_ONCE int lb_nat_sctp(hook_ctx *ctx, struct lb_pass *pass)
{
	struct lb_packet *pkt;
	__u32 old, new;
	__be16 *ports;

	if (!pass)
		return false;
	pkt = &pass->pkt;
	old = lb_ports(pkt->tuple.sport, pkt->tuple.dport);
	new = lb_ports(pass->to.sport, pass->to.dport);
	ports = lb_reach(ctx, pkt->l4, 8);
	if (!ports)
		return false;
	ports[0] = pass->to.sport;
	ports[1] = pass->to.dport;
	return old == new || !lb_sctp_ports(ctx, pkt, old, new);
}

/* The addresses, and what they do to a checksum. */
lb_inline bool lb_nat_addr(hook_ctx *ctx, struct lb_pass *pass, __u32 hops, __u32 *diff)
{
	return pass->pkt.tuple.family == 4
		       ? lb_ipv4_rewrite(ctx, &pass->pkt, &pass->to, hops, diff)
		       : lb_ipv6_rewrite(ctx, &pass->pkt, &pass->to, hops, diff);
}

/* False: the kernel would not let us. */
lb_inline bool lb_nat(hook_ctx *ctx, struct lb_pass *pass, __u32 hops)
{
	__u32 diff;

	if (!lb_nat_addr(ctx, pass, hops, &diff))
		return false;
	if (unlikely(pass->pkt.flags & LB_PACKET_FRAG_LATER ||
		     pass->pkt.tuple.proto == IPPROTO_SCTP)) {
		if (pass->pkt.tuple.family == 6)
			hook_csum_add(ctx, diff);
		return pass->pkt.flags & LB_PACKET_FRAG_LATER || lb_nat_sctp(ctx, pass);
	}
	return lb_nat_l4(ctx, pass, diff, false);
}

#endif
