/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tunnels between nodes, for direct server return: the node that a client asked sends its packets
 * on to the node of their backend as they are, in a header of its own; that one takes the header
 * off, and its backend answers the client. IP in IP (RFC 2003, RFC 2473), or Geneve (RFC 8926)
 * without options, in which IP packets lie without a link header.
 */
#ifndef LB_TUNNEL_H
#define LB_TUNNEL_H

#include "lb_backend.h"
#include "lb_config.h"
#include "lb_parse.h"
#include "lb_settings.h"

#define LB_TUNNEL_HOPS 64
/* Of LB_PACKET_TURN, less a step for each node that has passed it on; of LB_PACKET_BACK and of
 * LB_PACKET_LAST. In the TTL, as IP in IP has no room for a mark: no router makes it more, and no
 * node is so far away that one becomes the next. */
#define LB_TUNNEL_HOPS_TURN 255
#define LB_TUNNEL_HOPS_STEP 16
#define LB_TUNNEL_HOPS_BACK 128
#define LB_TUNNEL_HOPS_LAST 32
/* Tells ours from those of a CNI by the same port: "EBL". */
#define LB_GENEVE_VNI 0x45424c

struct lb_udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
	__sum16 check;
};

struct lb_geneve {
	__u8 version; /* and words of options: 0 */
	__u8 flags;
	__be16 proto; /* ETH_P_ of what is in it */
	__be32 vni;   /* and a byte that is 0 */
};

/* `tunnel_turn` of lb_scratch. */
enum lb_tunnel_turn {
	LB_TUNNEL_LAST,	    /* of LB_PACKET_LAST: it goes no further */
	LB_TUNNEL_PLAIN,    /* nobody was asked */
	LB_TUNNEL_ANSWERED, /* of LB_PACKET_BACK */
	LB_TUNNEL_ASKED,    /* of LB_PACKET_TURN; more: so many have passed it on */
};

lb_inline __u32 lb_tunnel_turn(__u32 hops)
{
	if (hops <= LB_TUNNEL_HOPS_LAST)
		return LB_TUNNEL_LAST;
	if (hops <= LB_TUNNEL_HOPS)
		return LB_TUNNEL_PLAIN;
	if (hops <= LB_TUNNEL_HOPS_BACK)
		return LB_TUNNEL_ANSWERED;
	return LB_TUNNEL_ASKED + (LB_TUNNEL_HOPS_TURN - hops) / LB_TUNNEL_HOPS_STEP;
}

/* Behind the outer IP header. */
struct lb_geneve_head {
	struct lb_udphdr udp;
	struct lb_geneve geneve;
};

/* IPv4 as v4-mapped. */
struct lb_tunnel_ends {
	__be32 src[4];
	__be32 dst[4];
};

/* Whether packets of the flow go in a tunnel. */
lb_inline bool lb_ct_tunnels(const struct lb_pass *pass)
{
	return cfg_tunnel && (pass->ct.flags & (LB_CT_DIRECT | LB_CT_SNAT)) == LB_CT_DIRECT;
}

/* Whether the packet came in one. */
lb_inline bool lb_tunnelled(const struct lb_packet *pkt)
{
	return cfg_tunnel && pkt->flags & LB_PACKET_TUNNEL;
}

/* Bytes in front of the packet. */
lb_inline __u32 lb_tunnel_head(bool v4)
{
	return (v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) +
	       (cfg_tunnel == LB_TUNNEL_GENEVE ? sizeof(struct lb_geneve_head) : 0);
}

/* Whether the backend's node can be reached by a tunnel from this one. */
lb_inline bool lb_tunnel_to(const struct lb_settings *set, const struct lb_backend *backend)
{
	if (lb_mapped(backend->node))
		return set->node4;
	return (backend->node[0] | backend->node[1] | backend->node[2] | backend->node[3]) &&
	       (set->node6[0] | set->node6[1] | set->node6[2] | set->node6[3]);
}

/* `tunnel_from` is of the packet that came in a tunnel last: of this one, as only one at a time is
 * on a CPU. Its address is not handed on, as older verifiers want the question for NULL first. */
lb_inline struct lb_scratch *lb_scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&lb_scratch, &zero);
}

/* Of the tunnel to the backend's node, or back to where the packet came from. False: there is none.
 */
lb_inline bool lb_tunnel_ends(struct lb_tunnel_ends *ends, const struct lb_pass *pass)
{
	const struct lb_backend *backend = lb_backend_get(pass->ct.backend_id);
	const struct lb_settings *set = lb_settings_get();
	const struct lb_scratch *scratch;

	if (!set)
		return false;
	if (unlikely(pass->pkt.flags & LB_PACKET_BACK)) {
		scratch = lb_scratch_get();
		if (!scratch)
			return false;
		lb_copy16(ends->dst, scratch->tunnel_from);
	} else {
		if (!backend || !lb_tunnel_to(set, backend))
			return false;
		lb_copy16(ends->dst, backend->node);
	}
	if (lb_mapped(ends->dst)) {
		ends->src[0] = 0;
		ends->src[1] = 0;
		ends->src[2] = LB_MAPPED_PREFIX;
		ends->src[3] = set->node4;
	} else {
		lb_copy16(ends->src, set->node6);
	}
	return true;
}

/* Whether it is an address of a node of the cluster. */
lb_inline bool lb_node_known(const __be32 *addr)
{
	struct lb_ip6 key;

	lb_copy16(key.addr, addr);
	return bpf_map_lookup_elem(&lb_nodes, &key);
}

#endif
