/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The outer headers of a tunnel, behind the link header, where room for them has been made. */
#ifndef LB_TUNNEL_HEAD_H
#define LB_TUNNEL_HEAD_H

#include "lb_csum.h"
#include "lb_hash.h"
#include "lb_tunnel.h"

/* Source ports of Geneve: what spreads flows over paths and queues. */
#define LB_TUNNEL_PORTS 32768

/* One hop less in the IP header. */
lb_inline bool lb_hop(hook_ctx *ctx, const struct lb_packet *pkt)
{
	if (pkt->tuple.family == 4) {
		struct iphdr *ip = lb_reach(ctx, pkt->l3, sizeof(*ip));

		if (!ip)
			return false;
		ip->ttl--;
		ip->check = lb_csum_apply(ip->check, (__u16)~bpf_htons(0x0100));
	} else {
		struct ipv6hdr *ip = lb_reach(ctx, pkt->l3, sizeof(*ip));

		if (!ip)
			return false;
		ip->hop_limit--;
		hook_csum_add(ctx, (__u16)~bpf_htons(0x0001));
	}
	return true;
}

/* `len`: from the outer IP header on, which lies at `off`. `way`: its TTL in front of what is
 * behind it, as they lie in the header of IPv4. */
HOOK_ONCE int lb_tunnel_outer4(hook_ctx *ctx, const struct lb_tunnel_ends *ends, __u32 off,
			       __u32 len, __u32 way)
{
	struct iphdr ip;
	__u64 sum;

	if (!ends)
		return -EINVAL;
	/* As in lb_reply_ip(). */
	__builtin_memset(&ip, 0, sizeof(ip));
	lb_touch(ip);
	*(__u8 *)&ip = 0x45;
	ip.tot_len = bpf_htons(len);
	ip.frag_off = bpf_htons(0x4000);
	ip.ttl = way >> 8;
	ip.protocol = way;
	ip.saddr = ends->src[3];
	ip.daddr = ends->dst[3];
	/* By hand: the helper costs as much as all of the header. */
	sum = (__u64)bpf_htons(0x4500) + ip.tot_len + ip.frag_off + bpf_htons(way) + ip.saddr +
	      ip.daddr;
	ip.check = lb_csum_finish(sum);
	return hook_write_new(ctx, off, &ip, sizeof(ip));
}

HOOK_ONCE int lb_tunnel_outer6(hook_ctx *ctx, const struct lb_tunnel_ends *ends, __u32 off,
			       __u32 len, __u32 way)
{
	struct {
		__be32 version;
		__be16 len;
		__u8 next;
		__u8 hops;
		struct lb_tunnel_ends ends;
	} head;

	if (!ends)
		return -EINVAL;
	head.version = bpf_htonl(6u << 28);
	head.len = bpf_htons(len - sizeof(struct ipv6hdr));
	head.next = way;
	head.hops = way >> 8;
	head.ends = *ends;
	return hook_write_new(ctx, off, &head, sizeof(head));
}

/* A sum of 0: of a tunnel it may be left out (RFC 6935), and what is in it has its own. */
HOOK_ONCE int lb_tunnel_geneve(hook_ctx *ctx, const struct lb_pass *pass, __u32 off, __u32 len)
{
	struct lb_geneve_head head;
	__u32 hash;

	if (!pass)
		return -EINVAL;
	hash = lb_mix((__u64)pass->pkt.tuple.src[3] << 32 | pass->pkt.tuple.dst[3],
		      (__u32)pass->pkt.tuple.dport << 16 | pass->pkt.tuple.sport);
	__builtin_memset(&head, 0, sizeof(head));
	head.udp.source = bpf_htons(LB_TUNNEL_PORTS | (hash & (LB_TUNNEL_PORTS - 1)));
	head.udp.dest = bpf_htons(cfg_tunnel_port);
	head.udp.len = bpf_htons(len);
	head.geneve.proto =
		pass->pkt.tuple.family == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	head.geneve.vni = bpf_htonl(LB_GENEVE_VNI << 8);
	return hook_write_new(ctx, off, &head, sizeof(head));
}

lb_inline __u32 lb_tunnel_hops(const struct lb_packet *pkt)
{
	__u32 step = pkt->flags >> LB_PACKET_STEP_SHIFT;

	if (likely(!(pkt->flags & (LB_PACKET_BACK | LB_PACKET_TURN | LB_PACKET_LAST))))
		return LB_TUNNEL_HOPS;
	if (pkt->flags & LB_PACKET_BACK)
		return LB_TUNNEL_HOPS_BACK;
	return pkt->flags & LB_PACKET_TURN ? LB_TUNNEL_HOPS_TURN - step * LB_TUNNEL_HOPS_STEP
					   : LB_TUNNEL_HOPS_LAST;
}

/* All of them, and what they are in the link header of `link` bytes. 0 or a negative error. */
lb_inline long lb_tunnel_write(hook_ctx *ctx, const struct lb_pass *pass,
			       const struct lb_tunnel_ends *ends, __u32 link)
{
	bool v4 = lb_mapped(ends->dst);
	__u32 outer = v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	__u32 len = lb_tunnel_head(v4) + pass->pkt.len;
	__u32 way = pass->pkt.tuple.family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	long err;

	if (cfg_tunnel == LB_TUNNEL_GENEVE)
		way = IPPROTO_UDP;
	way |= lb_tunnel_hops(&pass->pkt) << 8;
	err = v4 ? lb_tunnel_outer4(ctx, ends, link, len, way)
		 : lb_tunnel_outer6(ctx, ends, link, len, way);
	if (!err && cfg_tunnel == LB_TUNNEL_GENEVE)
		err = lb_tunnel_geneve(ctx, pass, link + outer, len - outer);
	return err;
}

#endif
