/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Out of the tunnel: what another node of the cluster has sent to a backend of this one. */
#ifndef LB_TUNNEL_OPEN_H
#define LB_TUNNEL_OPEN_H

#include "lb_device.h"
#include "lb_filter.h"
#include "lb_frontend.h"
#include "lb_stats.h"
#include "lb_tunnel.h"

/* The outer headers, as far as they are looked at. */
struct lb_tunnel_outer {
	struct lb_tunnel_ends ends;
	__u32 off;   /* of what is behind the outer IP header */
	__u32 inner; /* of the inner IP header */
	__u8 proto;  /* behind the outer IP header */
	__u8 family; /* of the outer one */
	__u8 inside; /* and of the inner one */
	__u8 hops;   /* TTL of the outer one */
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
		outer->hops = ip->ttl;
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
		outer->hops = ip->hop_limit;
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

/* Who the inner packet is from and to, as far as its first header says; false: it is none of IP. */
lb_inline bool lb_tunnel_inner(hook_ctx *ctx, const struct lb_tunnel_outer *outer,
			       struct lb_tuple *at, __u32 *l4)
{
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	} ip = {};
	bool later = false;

	if (outer->inside == 4) {
		if (hook_read(ctx, outer->inner, &ip.v4, sizeof(ip.v4)) || ip.v4.version != 4)
			return false;
		lb_tuple_set4(at, ip.v4.saddr, ip.v4.daddr);
		at->proto = ip.v4.protocol;
		later = ip.v4.frag_off & LB_FRAG_OFF;
		*l4 = outer->inner + ip.v4.ihl * 4;
	} else {
		if (hook_read(ctx, outer->inner, &ip.v6, sizeof(ip.v6)) || ip.v6.version != 6)
			return false;
		__builtin_memcpy(at->src, &ip.v6.saddr, sizeof(at->src));
		__builtin_memcpy(at->dst, &ip.v6.daddr, sizeof(at->dst));
		at->family = 6;
		at->proto = ip.v6.nexthdr;
		*l4 = outer->inner + sizeof(ip.v6);
	}
	if (later)
		*l4 = 0;
	return true;
}

/* Of what has no ports: whether it may be for one of our addresses. A fragment, or headers that are
 * in front of the ports; and errors, which come from the way to a client. All else, an echo request
 * between nodes above all, is that of whose tunnel it is. */
lb_inline bool lb_tunnel_bare(hook_ctx *ctx, __u8 proto, __u32 l4)
{
	__u8 type;

	if (!l4 || proto == LB_NEXT_HOP_BY_HOP || proto == LB_NEXT_ROUTING ||
	    proto == LB_NEXT_FRAGMENT || proto == LB_NEXT_DESTINATION)
		return true;
	if ((proto != IPPROTO_ICMP && proto != IPPROTO_ICMPV6) ||
	    hook_read(ctx, l4, &type, sizeof(type)))
		return false;
	return proto == IPPROTO_ICMP ? lb_icmp_error4(type) : lb_icmp_error6(type);
}

/*
 * Whether what came out of a tunnel, and is no packet of a flow, may go on: errors and fragments,
 * as lb_tunnel_bare() let them. What hides behind other headers would be taken for a neighbour's,
 * with the hop limit that it was written with.
 */
lb_inline bool lb_tunnel_passes(hook_ctx *ctx, __u32 l3)
{
	const struct iphdr *ip = lb_at(ctx, l3, sizeof(*ip));
	__u8 proto;

	if (!ip)
		return false;
	if (ip->version == 4)
		return ip->protocol == IPPROTO_ICMP || ip->frag_off & LB_FRAG_OFF;
	proto = ((const __u8 *)ip)[offsetof(struct ipv6hdr, nexthdr)];
	return proto == IPPROTO_ICMPV6 || proto == LB_NEXT_FRAGMENT;
}

/* Whether a frontend is there under the key. Which one it is, and whether it changes just now, is
 * asked later. */
lb_inline bool lb_tunnel_serves(const struct lb_tuple *at, bool node_port)
{
	struct lb_frontend6 key = {.port = at->dport, .proto = at->proto};
	const struct lb_service *found;

	if (at->family == 4) {
		struct lb_frontend4 key4 = {
			.addr = node_port ? 0 : at->dst[3], .port = at->dport, .proto = at->proto};

		found = bpf_map_lookup_elem(&lb_services4, &key4);
		lb_apart(4);
		return found;
	}
	if (!node_port)
		lb_copy16(key.addr, at->dst);
	found = bpf_map_lookup_elem(&lb_services6, &key);
	lb_apart(6);
	return found;
}

lb_inline bool lb_tunnel_flow(const struct lb_tuple *at)
{
	if (at->family == 4) {
		struct lb_ct_key4 key;

		lb_ct_key4_of(&key, at, LB_CT_INGRESS);
		return bpf_map_lookup_elem(&lb_conntrack4, &key);
	} else {
		struct lb_ct_key6 key;

		lb_ct_key6_of(&key, at, LB_CT_INGRESS);
		return bpf_map_lookup_elem(&lb_conntrack6, &key);
	}
}

/*
 * Whether what is in the tunnel is for us: CNIs have tunnels between the same addresses. To a
 * frontend, or of a flow that is older than it. An ICMP error or a fragment is taken where its
 * address is one of ours as far as the filter knows, or a node's: it goes on through the stack
 * then, as the CNI's would, but by the device below the CNI's.
 */
HOOK_ONCE int lb_tunnel_ours(hook_ctx *ctx, const struct lb_tunnel_outer *outer)
{
	const struct lb_settings *set = lb_settings_get();
	struct lb_tuple at = {};
	__be16 ports[2];
	__u32 l4 = 0, bank;

	if (!outer || !set || !lb_tunnel_inner(ctx, outer, &at, &l4))
		return false;
	if (!l4 || !lb_l4_need(at.proto)) {
		if (!lb_tunnel_bare(ctx, at.proto, l4))
			return false;
		bank = lb_filter_bank();
		return (bank && lb_filter_has(bank, at.dst)) || lb_node_known(at.dst);
	}
	if (hook_read(ctx, l4, ports, sizeof(ports)))
		return false;
	at.sport = ports[0];
	at.dport = ports[1];
	if (lb_tunnel_serves(&at, false))
		return true;
	if (lb_node_port_range(set, at.dport) && lb_node_known(at.dst) &&
	    lb_tunnel_serves(&at, true))
		return true;
	return lb_tunnel_flow(&at);
}

/* Whether packets of nodes can come in by the device: no pod is one. */
lb_inline bool lb_tunnel_device(hook_ctx *ctx, __u32 l3)
{
	const struct lb_device *device = lb_device_get(hook_ifindex(ctx));

	if (device && device->flags & LB_DEVICE_POD)
		return false;
	return !cfg_check_frame || !l3 || hook_ours(ctx) || lb_frame_upper(ctx);
}

/* Whether the packet can be in a tunnel at all. Most cannot, and pay for no more than this. */
lb_inline bool lb_tunnel_maybe(hook_ctx *ctx, __u32 l3)
{
	const __u8 *ip = lb_at(ctx, l3, sizeof(struct iphdr));
	__u8 proto;

	if (!ip)
		return false;
	proto = ip[0] >> 4 == 4 ? ip[9] : ip[6];
	return proto == IPPROTO_IPIP || proto == IPPROTO_IPV6 || proto == IPPROTO_UDP;
}

/*
 * Takes the outer headers off what a node of the cluster has sent in a tunnel to an address of this
 * one. True: done. Everything else is left as it is; what looks like ours and comes from somebody
 * else is counted.
 *
 * With a result that the verifier does not know, so that it does not walk all that follows twice.
 */
lb_once int lb_tunnel_open(hook_ctx *ctx, __u32 l3)
{
	struct lb_tunnel_outer outer;
	struct lb_addr at = {};
	struct lb_scratch *scratch;

	__builtin_memset(&outer, 0, sizeof(outer));
	if (!lb_tunnel_ip(ctx, l3, &outer) || !lb_tunnel_kind(ctx, &outer))
		return false;
	lb_copy16(at.addr, outer.ends.dst);
	if (!lb_node_addr_get(&at) || !lb_tunnel_ours(ctx, &outer))
		return false;
	if (!lb_node_known(outer.ends.src) || !lb_tunnel_device(ctx, l3)) {
		lb_count(LB_PKT_TUNNEL_FOREIGN);
		return false;
	}
	scratch = lb_scratch_get();
	if (!scratch || lb_tunnel_strip(ctx, l3, &outer))
		return false;
	lb_copy16(scratch->tunnel_from, outer.ends.src);
	scratch->tunnel_turn = lb_tunnel_turn(outer.hops);
	lb_count(LB_PKT_FROM_NODE);
	return true;
}

#endif
