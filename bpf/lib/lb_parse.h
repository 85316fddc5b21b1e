/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From bytes to struct lb_packet. Nothing is written here. */
#ifndef LB_PARSE_H
#define LB_PARSE_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "lb_packet.h"

enum lb_parsed {
	LB_PARSED,	     /* TCP, UDP, SCTP, or an ICMP error about one of them */
	LB_PARSED_OTHER,     /* something else: not our business */
	LB_PARSED_VLAN,	     /* tagged: the VLAN's own device will see it */
	LB_PARSED_MALFORMED, /* cut short, or contradicting itself */
};

/* How far into a packet headers are followed: a power of two less one, so that the verifier knows
 * an offset's bound after a mask. */
#define LB_REACH     1023
#define LB_EXT_MAX   6 /* extension headers */
#define LB_FRAG_OFF  bpf_htons(0x1fff)
#define LB_FRAG_MORE bpf_htons(0x2000)

/* Of a tag: the VLAN's number, not the priority. */
#define LB_VLAN_ID 0x0fff

#define LB_NEXT_HOP_BY_HOP  0
#define LB_NEXT_ROUTING	    43
#define LB_NEXT_FRAGMENT    44
#define LB_NEXT_DESTINATION 60

/* The `len` bytes at `off` (at most LB_REACH), or NULL if they do not lie in the first piece. */
lb_inline void *lb_at(hook_ctx *ctx, __u32 off, __u32 len)
{
	void *at = hook_data(ctx) + (off & LB_REACH);

	lb_pin(at);
	return at + len <= hook_data_end(ctx) ? at : NULL;
}

/* The same; bytes that lie elsewhere are brought there, which moves the packet. */
lb_inline void *lb_reach(hook_ctx *ctx, __u32 off, __u32 len)
{
	void *at = lb_at(ctx, off, len);

	if (likely(at))
		return at;
	if (off + len > hook_len(ctx) || hook_pull(ctx, off + len))
		return NULL;
	return lb_at(ctx, off, len);
}

/* Destination unreachable, source quench, time exceeded, parameter problem. */
lb_inline bool lb_icmp_error4(__u8 type)
{
	return type == 3 || type == 4 || type == 11 || type == 12;
}

/* The same, and packet too big. */
lb_inline bool lb_icmp_error6(__u8 type)
{
	return type >= 1 && type <= 4;
}

/* Bytes of its own that a transport protocol must show; 0: not one of ours. */
lb_inline __u32 lb_l4_need(__u8 proto)
{
	return proto == IPPROTO_TCP    ? 20
	       : proto == IPPROTO_UDP  ? 8
	       : proto == IPPROTO_SCTP ? 12
				       : 0;
}

/* Ports; the tuple has the protocol already. */
lb_inline enum lb_parsed lb_parse_l4(hook_ctx *ctx, struct lb_packet *pkt)
{
	__u32 need = lb_l4_need(pkt->tuple.proto);
	const __be16 *ports;

	if (!need)
		return LB_PARSED_OTHER;
	if (unlikely(pkt->flags & LB_PACKET_FRAG_LATER))
		return LB_PARSED;
	if (unlikely((__u32)pkt->l4 - pkt->l3 + need > pkt->len))
		return LB_PARSED_MALFORMED;
	if (pkt->tuple.proto == IPPROTO_TCP) {
		ports = lb_reach(ctx, pkt->l4, 20);
		if (unlikely(!ports))
			return LB_PARSED_MALFORMED;
		pkt->tcp_flags = ((const __u8 *)ports)[13];
	} else {
		ports = lb_reach(ctx, pkt->l4, 8);
		if (unlikely(!ports))
			return LB_PARSED_MALFORMED;
	}
	pkt->tuple.sport = ports[0];
	pkt->tuple.dport = ports[1];
	return LB_PARSED;
}

lb_inline void lb_tuple_set4(struct lb_tuple *tuple, __be32 src, __be32 dst)
{
	tuple->src[0] = 0;
	tuple->src[1] = 0;
	tuple->src[2] = LB_MAPPED_PREFIX;
	tuple->src[3] = src;
	tuple->dst[0] = 0;
	tuple->dst[1] = 0;
	tuple->dst[2] = LB_MAPPED_PREFIX;
	tuple->dst[3] = dst;
	tuple->family = 4;
	tuple->pad = 0;
}

/* The ports that an ICMP error shows of the packet it is about, turned round. */
lb_inline enum lb_parsed lb_parse_inner_ports(hook_ctx *ctx, struct lb_packet *pkt)
{
	__be16 ports[2];

	if (!lb_l4_need(pkt->tuple.proto))
		return LB_PARSED_OTHER;
	if (pkt->inner_l4 > LB_REACH || (__u32)pkt->inner_l4 - pkt->l3 + sizeof(ports) > pkt->len ||
	    hook_read(ctx, pkt->inner_l4, ports, sizeof(ports)))
		return LB_PARSED_MALFORMED;
	pkt->tuple.sport = ports[1];
	pkt->tuple.dport = ports[0];
	pkt->flags |= LB_PACKET_ICMP_ERROR;
	return LB_PARSED;
}

/* Types 3, 4, 11, 12: unreachable (fragmentation needed among them), source quench, time exceeded,
 * parameter problem. */
HOOK_ONCE enum lb_parsed lb_parse_icmp4(hook_ctx *ctx, struct lb_packet *pkt)
{
	struct iphdr ip = {};
	__u8 type = 0;

	if (!pkt || pkt->flags & LB_PACKET_FRAG)
		return LB_PARSED_OTHER;
	if ((__u32)pkt->l4 - pkt->l3 + 8 > pkt->len || hook_read(ctx, pkt->l4, &type, 1))
		return LB_PARSED_MALFORMED;
	if (!lb_icmp_error4(type))
		return LB_PARSED_OTHER;
	pkt->inner_l3 = pkt->l4 + 8;
	if ((__u32)pkt->inner_l3 - pkt->l3 + sizeof(ip) > pkt->len ||
	    hook_read(ctx, pkt->inner_l3, &ip, sizeof(ip)))
		return LB_PARSED_MALFORMED;
	if (ip.version != 4 || ip.ihl < 5)
		return LB_PARSED_MALFORMED;
	if (ip.frag_off & LB_FRAG_OFF)
		return LB_PARSED_OTHER;
	pkt->inner_l4 = pkt->inner_l3 + ip.ihl * 4;
	lb_tuple_set4(&pkt->tuple, ip.daddr, ip.saddr);
	pkt->tuple.proto = ip.protocol;
	return lb_parse_inner_ports(ctx, pkt);
}

lb_inline enum lb_parsed lb_parse_ipv4(hook_ctx *ctx, __u32 l3, struct lb_packet *pkt)
{
	const struct iphdr *ip = lb_reach(ctx, l3, sizeof(*ip));
	__u32 header;

	if (unlikely(!ip))
		return LB_PARSED_MALFORMED;
	header = ip->ihl * 4;
	pkt->len = bpf_ntohs(ip->tot_len);
	/* Longer than the field can say. */
	if (unlikely(!pkt->len) && hook_segment(ctx))
		pkt->len = hook_len(ctx) - l3;
	if (unlikely(ip->version != 4 || header < sizeof(*ip) || pkt->len < header ||
		     l3 + pkt->len > hook_len(ctx)))
		return LB_PARSED_MALFORMED;
	pkt->l3 = l3;
	pkt->l4 = l3 + header;
	pkt->inner_l3 = 0;
	pkt->inner_l4 = 0;
	pkt->ttl = ip->ttl;
	pkt->flags = 0;
	pkt->tcp_flags = 0;
	pkt->frag_id = 0;
	pkt->tuple.sport = 0;
	pkt->tuple.dport = 0;
	pkt->tuple.proto = ip->protocol;
	lb_tuple_set4(&pkt->tuple, ip->saddr, ip->daddr);
	if (unlikely(ip->frag_off & (LB_FRAG_OFF | LB_FRAG_MORE))) {
		pkt->frag_id = ip->id;
		pkt->flags = LB_PACKET_FRAG;
		if (ip->frag_off & LB_FRAG_OFF)
			pkt->flags |= LB_PACKET_FRAG_LATER;
	}
	if (unlikely(pkt->tuple.proto == IPPROTO_ICMP))
		return lb_parse_icmp4(ctx, pkt);
	return lb_parse_l4(ctx, pkt);
}

/* A pass along extension headers. */
struct lb_ext {
	__be32 frag_id;
	__u16 off;   /* of the next header */
	__u16 flags; /* LB_PACKET_FRAG... */
	__u32 proto; /* the next header's */
};

/* Ends at the first header that is none of IPv6's own, or behind a fragment header. */
HOOK_ONCE enum lb_parsed lb_parse_ext6(hook_ctx *ctx, struct lb_ext *ext)
{
	if (!ext)
		return LB_PARSED_MALFORMED;
#pragma clang loop unroll(disable)
	for (int i = 0; i <= LB_EXT_MAX; i++) {
		__u8 head[8] = {};

		/* Further than lb_at() can tell from nearer. */
		if (ext->off > LB_REACH)
			return LB_PARSED_OTHER;
		if (ext->proto != LB_NEXT_HOP_BY_HOP && ext->proto != LB_NEXT_ROUTING &&
		    ext->proto != LB_NEXT_DESTINATION && ext->proto != LB_NEXT_FRAGMENT)
			return LB_PARSED;
		if (hook_read(ctx, ext->off, head, sizeof(head)))
			return LB_PARSED_MALFORMED;
		/* With segments left the destination is not the last one, which checksums know. */
		if (ext->proto == LB_NEXT_ROUTING && head[3])
			return LB_PARSED_OTHER;
		if (ext->proto == LB_NEXT_FRAGMENT) {
			__be16 off = *(__be16 *)(head + 2);

			ext->frag_id = *(__be32 *)(head + 4);
			ext->off += 8;
			ext->proto = head[0];
			/* An atomic fragment is a whole packet. Of others, only what the
			 * fragment header names is known to all of a datagram's fragments:
			 * one with more headers behind it is not ours. */
			if (off & bpf_htons(0xfff9)) {
				ext->flags |= LB_PACKET_FRAG;
				if (off & bpf_htons(0xfff8))
					ext->flags |= LB_PACKET_FRAG_LATER;
				return ext->off > LB_REACH ? LB_PARSED_OTHER : LB_PARSED;
			}
		} else {
			/* Not at its destination yet, and the checksum is about another one. */
			if (ext->proto == LB_NEXT_ROUTING && head[3])
				return LB_PARSED_OTHER;
			ext->off += (head[1] + 1) * 8;
			ext->proto = head[0];
		}
	}
	return LB_PARSED_OTHER;
}

/* On the wire an IPv4 address has no business in an IPv6 header, and in here it would be taken for
 * one of IPv4's. A kernel that forwards sends such packets on, so they are met twice. */
lb_inline bool lb_mapped(const __be32 *addr)
{
	__u32 differs = addr[0] | addr[1] | (addr[2] ^ LB_MAPPED_PREFIX);

	lb_pin(differs); /* one branch */
	return !differs;
}

/* Types 1 to 4: unreachable, too big, time exceeded, parameter problem. */
HOOK_ONCE enum lb_parsed lb_parse_icmp6(hook_ctx *ctx, struct lb_packet *pkt)
{
	struct ipv6hdr ip = {};
	struct lb_ext ext = {};
	enum lb_parsed parsed;
	__u8 type = 0;

	if (!pkt || pkt->flags & LB_PACKET_FRAG)
		return LB_PARSED_OTHER;
	if ((__u32)pkt->l4 - pkt->l3 + 8 > pkt->len || hook_read(ctx, pkt->l4, &type, 1))
		return LB_PARSED_MALFORMED;
	if (!lb_icmp_error6(type))
		return LB_PARSED_OTHER;
	pkt->inner_l3 = pkt->l4 + 8;
	if ((__u32)pkt->inner_l3 - pkt->l3 + sizeof(ip) > pkt->len ||
	    hook_read(ctx, pkt->inner_l3, &ip, sizeof(ip)))
		return LB_PARSED_MALFORMED;
	if (ip.version != 6)
		return LB_PARSED_MALFORMED;
	ext.off = pkt->inner_l3 + sizeof(ip);
	ext.proto = ip.nexthdr;
	parsed = lb_parse_ext6(ctx, &ext);
	if (parsed != LB_PARSED)
		return parsed;
	if (ext.flags & LB_PACKET_FRAG_LATER)
		return LB_PARSED_OTHER;
	pkt->inner_l4 = ext.off;
	__builtin_memcpy(pkt->tuple.src, &ip.daddr, sizeof(pkt->tuple.src));
	__builtin_memcpy(pkt->tuple.dst, &ip.saddr, sizeof(pkt->tuple.dst));
	if (lb_mapped(pkt->tuple.src) || lb_mapped(pkt->tuple.dst))
		return LB_PARSED_MALFORMED;
	pkt->tuple.proto = ext.proto;
	return lb_parse_inner_ports(ctx, pkt);
}

/* What is behind the IPv6 header, when that is not one of our protocols at once. */
HOOK_ONCE enum lb_parsed lb_parse_behind6(hook_ctx *ctx, struct lb_packet *pkt)
{
	struct lb_ext ext = {.off = pkt->l4, .proto = pkt->tuple.proto};
	enum lb_parsed parsed = lb_parse_ext6(ctx, &ext);

	if (parsed != LB_PARSED)
		return parsed;
	if (ext.off > LB_REACH)
		return LB_PARSED_MALFORMED;
	pkt->l4 = ext.off;
	pkt->flags = ext.flags;
	pkt->frag_id = ext.frag_id;
	pkt->tuple.proto = ext.proto;
	return ext.proto == IPPROTO_ICMPV6 ? lb_parse_icmp6(ctx, pkt) : lb_parse_l4(ctx, pkt);
}

lb_inline enum lb_parsed lb_parse_ipv6(hook_ctx *ctx, __u32 l3, struct lb_packet *pkt)
{
	const struct ipv6hdr *ip = lb_reach(ctx, l3, sizeof(*ip));

	if (unlikely(!ip))
		return LB_PARSED_MALFORMED;
	pkt->len = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (unlikely(!ip->payload_len) && hook_segment(ctx))
		pkt->len = hook_len(ctx) - l3;
	if (unlikely(ip->version != 6 || l3 + pkt->len > hook_len(ctx)))
		return LB_PARSED_MALFORMED;
	pkt->l3 = l3;
	pkt->l4 = l3 + sizeof(*ip);
	pkt->inner_l3 = 0;
	pkt->inner_l4 = 0;
	pkt->ttl = ip->hop_limit;
	pkt->flags = 0;
	pkt->tcp_flags = 0;
	pkt->frag_id = 0;
	pkt->tuple.sport = 0;
	pkt->tuple.dport = 0;
	pkt->tuple.family = 6;
	pkt->tuple.pad = 0;
	pkt->tuple.proto = ip->nexthdr;
	__builtin_memcpy(pkt->tuple.src, &ip->saddr, sizeof(pkt->tuple.src));
	__builtin_memcpy(pkt->tuple.dst, &ip->daddr, sizeof(pkt->tuple.dst));
	if (unlikely(lb_mapped(pkt->tuple.src) || lb_mapped(pkt->tuple.dst)))
		return LB_PARSED_MALFORMED;
	if (unlikely(!lb_l4_need(pkt->tuple.proto)))
		return lb_parse_behind6(ctx, pkt);
	return lb_parse_l4(ctx, pkt);
}

/* `l3` is where the IP header begins if nothing is in between: 0 on devices without a link header,
 * and there the device says which protocol it is. */
lb_inline enum lb_parsed lb_parse(hook_ctx *ctx, __u32 l3, struct lb_packet *pkt)
{
	__be16 proto;

	if (unlikely(hook_vlan(ctx)))
		return LB_PARSED_VLAN;
	if (l3) {
		const struct ethhdr *eth = lb_reach(ctx, 0, sizeof(*eth));

		if (unlikely(!eth))
			return LB_PARSED_MALFORMED;
		proto = eth->h_proto;
		if (unlikely(proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD))) {
			const __be16 *tag = lb_reach(ctx, l3, 4);

			if (!tag)
				return LB_PARSED_MALFORMED;
			if (!HOOK_READS_TAGS && tag[0] & bpf_htons(LB_VLAN_ID))
				return LB_PARSED_VLAN;
			proto = tag[1];
			l3 += 4;
		}
	} else {
		proto = hook_protocol(ctx);
	}
	if (proto == bpf_htons(ETH_P_IP))
		return lb_parse_ipv4(ctx, l3, pkt);
	if (proto == bpf_htons(ETH_P_IPV6))
		return lb_parse_ipv6(ctx, l3, pkt);
	return LB_PARSED_OTHER;
}

#endif
