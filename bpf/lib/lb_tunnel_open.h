/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Out of the tunnel: what another node of the cluster has sent to a backend of this one. */
#ifndef LB_TUNNEL_OPEN_H
#define LB_TUNNEL_OPEN_H

#include "lb_frontend.h"
#include "lb_stats.h"
#include "lb_tunnel.h"

/* The outer headers, as far as they are looked at. */
struct lb_tunnel_outer {
	struct lb_tunnel_ends ends;
	__u32 off;    /* of what is behind the outer IP header */
	__u32 inner;  /* of the inner IP header */
	__u8 proto;   /* behind the outer IP header */
	__u8 family;  /* of the outer one */
	__u8 inside;  /* and of the inner one */
	__u8 pad;
};

/* An IP header without options or fragments: nobody puts any into one of ours. */
lb_inline bool lb_tunnel_ip(hook_ctx *ctx, __u32 l3, struct lb_tunnel_outer *outer)
{
	__be16 ether = hook_protocol(ctx);

	if (l3 && hook_read(ctx, l3 - sizeof(ether), &ether, sizeof(ether)))
		return false;
	if (ether == bpf_htons(ETH_P_IP)) {
		const struct iphdr *ip = lb_at(ctx, l3, sizeof(*ip));

		if (!ip || ip->ihl != 5 || ip->frag_off & (LB_FRAG_OFF | LB_FRAG_MORE))
			return false;
		outer->proto = ip->protocol;
		outer->family = 4;
		outer->off = l3 + sizeof(*ip);
		outer->ends.src[2] = LB_MAPPED_PREFIX;
		outer->ends.src[3] = ip->saddr;
		outer->ends.dst[2] = LB_MAPPED_PREFIX;
		outer->ends.dst[3] = ip->daddr;
		return true;
	}
	if (ether == bpf_htons(ETH_P_IPV6)) {
		const struct ipv6hdr *ip = lb_at(ctx, l3, sizeof(*ip));

		if (!ip)
			return false;
		outer->proto = ip->nexthdr;
		outer->family = 6;
		outer->off = l3 + sizeof(*ip);
		__builtin_memcpy(outer->ends.src, &ip->saddr, sizeof(outer->ends.src));
		__builtin_memcpy(outer->ends.dst, &ip->daddr, sizeof(outer->ends.dst));
		return true;
	}
	return false;
}

/* Whether the outer header is that of a tunnel of ours, whoever sent it. */
lb_inline bool lb_tunnel_kind(hook_ctx *ctx, struct lb_tunnel_outer *outer)
{
	const struct lb_geneve_head *head;

	if (outer->proto == IPPROTO_IPIP || outer->proto == IPPROTO_IPV6) {
		outer->inner = outer->off;
		outer->inside = outer->proto == IPPROTO_IPIP ? 4 : 6;
	} else if (outer->proto == IPPROTO_UDP) {
		head = lb_reach(ctx, outer->off, sizeof(*head));
		if (!head || head->udp.dest != bpf_htons(cfg_tunnel_port) || head->geneve.version ||
		    head->geneve.vni != bpf_htonl(LB_GENEVE_VNI << 8))
			return false;
		outer->inner = outer->off + sizeof(*head);
		outer->inside = head->geneve.proto == bpf_htons(ETH_P_IP)     ? 4
				: head->geneve.proto == bpf_htons(ETH_P_IPV6) ? 6
									      : 0;
	}
	/* IPv6 in IPv4 is none of ours. */
	return outer->inside && (outer->inside == 4 || outer->family == 6);
}

/* Takes the outer headers away, up to the inner one. */
lb_inline long lb_tunnel_strip(hook_ctx *ctx, __u32 l3, const struct lb_tunnel_outer *outer)
{
	const __be16 ether = bpf_htons(ETH_P_IP);
	long err;

	if (outer->inside == outer->family)
		return hook_decap(ctx, outer->inner - l3);
	err = hook_decap_4in6(ctx, outer->inner - l3);
	return err || !l3 ? err : hook_write(ctx, l3 - sizeof(ether), &ether, sizeof(ether));
}

/*
 * Takes the outer headers off what a node of the cluster has sent in a tunnel to an address of this
 * one. True: done. Everything else is left as it is; what looks like a tunnel of ours and comes
 * from somebody else is counted.
 *
 * With a result that the verifier does not know, so that it does not walk all that follows twice.
 */
lb_once int lb_tunnel_open(hook_ctx *ctx, __u32 l3)
{
	struct lb_tunnel_outer outer;
	struct lb_addr at = {};

	__builtin_memset(&outer, 0, sizeof(outer));
	if (!lb_tunnel_ip(ctx, l3, &outer) || !lb_tunnel_kind(ctx, &outer))
		return false;
	lb_copy16(at.addr, outer.ends.dst);
	if (!lb_node_addr_get(&at))
		return false;
	if (!lb_node_known(outer.ends.src)) {
		lb_count(LB_PKT_TUNNEL_FOREIGN);
		return false;
	}
	if (lb_tunnel_strip(ctx, l3, &outer))
		return false;
	lb_count(LB_PKT_FROM_NODE);
	return true;
}

#endif
