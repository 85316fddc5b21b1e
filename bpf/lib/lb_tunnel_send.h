/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Into the tunnel: the outer headers, and out by the device that leads to the backend's node. */
#ifndef LB_TUNNEL_SEND_H
#define LB_TUNNEL_SEND_H

#include "lb_fib.h"
#include "lb_hash.h"
#include "lb_tunnel.h"

/* Source ports of Geneve: what spreads flows over paths and queues. */
#define LB_TUNNEL_PORTS 32768

/* The route of the tunnel to the backend's node, into ct.oif and ct.mtu: of the packet in it.
 * False: there is none. */
HOOK_ONCE int lb_fib_tunnel(hook_ctx *ctx, struct lb_pass *pass)
{
	struct bpf_fib_lookup fib;
	struct lb_tunnel_ends ends;
	__u32 head;
	long rc;

	if (!pass || !lb_tunnel_ends(&ends, pass->ct.backend_id))
		return false;
	__builtin_memset(&fib, 0, sizeof(fib));
	fib.ifindex = pass->ifindex;
	fib.tot_len = 1;
	if (lb_mapped(ends.dst)) {
		fib.family = AF_INET;
		fib.ipv4_src = ends.src[3];
		fib.ipv4_dst = ends.dst[3];
	} else {
		fib.family = AF_INET6;
		lb_copy16(fib.ipv6_src, ends.src);
		lb_copy16(fib.ipv6_dst, ends.dst);
	}
	rc = hook_route(ctx, &fib, 0);
	if (rc != BPF_FIB_LKUP_RET_SUCCESS && rc != BPF_FIB_LKUP_RET_NO_NEIGH)
		return false;
	head = lb_tunnel_head(lb_mapped(ends.dst));
	pass->ct.oif = fib.ifindex;
	pass->ct.mtu = lb_fib_mtu(ctx, rc, &fib);
	if (pass->ct.mtu <= head)
		return false;
	pass->ct.mtu -= head;
	return true;
}

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

/* `len`: from the outer IP header on, which lies at `off`. */
HOOK_ONCE int lb_tunnel_outer4(hook_ctx *ctx, const struct lb_tunnel_ends *ends, __u32 off,
			       __u32 len, __u32 proto)
{
	struct iphdr ip;

	if (!ends)
		return -EINVAL;
	/* As in lb_reply_ip(). */
	__builtin_memset(&ip, 0, sizeof(ip));
	lb_touch(ip);
	*(__u8 *)&ip = 0x45;
	ip.tot_len = bpf_htons(len);
	ip.frag_off = bpf_htons(0x4000);
	ip.ttl = LB_TUNNEL_HOPS;
	ip.protocol = proto;
	ip.saddr = ends->src[3];
	ip.daddr = ends->dst[3];
	ip.check = lb_csum_finish(bpf_csum_diff(NULL, 0, (__be32 *)&ip, sizeof(ip), 0));
	return hook_write_new(ctx, off, &ip, sizeof(ip));
}

HOOK_ONCE int lb_tunnel_outer6(hook_ctx *ctx, const struct lb_tunnel_ends *ends, __u32 off,
			       __u32 len, __u32 proto)
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
	head.next = proto;
	head.hops = LB_TUNNEL_HOPS;
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

/*
 * Puts the packet, with one hop less, into the tunnel of its flow and sends it. A verdict;
 * HOOK_DROP: it cannot be changed, or has no way. The kernel makes the segments of a GSO packet
 * shorter by the headers.
 */
HOOK_ONCE int lb_tunnel_send(hook_ctx *ctx, struct lb_pass *pass)
{
	__u32 link, outer, head, len, proto;
	struct lb_tunnel_ends ends;
	__be16 ether;
	__u64 room;
	bool v4;

	if (!pass || !lb_tunnel_ends(&ends, pass->ct.backend_id) || !lb_hop(ctx, &pass->pkt))
		return HOOK_DROP;
	/* A priority tag is given up, as for all that is sent. */
	if (pass->pkt.l3 > ETH_HLEN && hook_untag(ctx))
		return HOOK_DROP;
	link = pass->pkt.l3 ? ETH_HLEN : 0;
	v4 = lb_mapped(ends.dst);
	outer = v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	head = lb_tunnel_head(v4);
	len = head + pass->pkt.len;
	room = v4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;
	proto = pass->pkt.tuple.family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	if (cfg_tunnel == LB_TUNNEL_GENEVE) {
		proto = IPPROTO_UDP;
		room |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	}
	/* Datagrams of UDP GSO must keep their size. */
	if (pass->pkt.tuple.proto == IPPROTO_UDP)
		room |= BPF_F_ADJ_ROOM_FIXED_GSO;
	if (hook_encap(ctx, head, room))
		return HOOK_DROP;
	ether = v4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	if (link && hook_write(ctx, link - sizeof(ether), &ether, sizeof(ether)))
		return HOOK_DROP;
	if (v4 ? lb_tunnel_outer4(ctx, &ends, link, len, proto)
	       : lb_tunnel_outer6(ctx, &ends, link, len, proto))
		return HOOK_DROP;
	if (cfg_tunnel == LB_TUNNEL_GENEVE &&
	    lb_tunnel_geneve(ctx, pass, link + outer, len - outer))
		return HOOK_DROP;
	return hook_forward(ctx, pass->ct.oif, link);
}

#endif
