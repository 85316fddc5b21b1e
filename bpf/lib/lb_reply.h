/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Answers that are made of the packet they answer: TCP resets and ICMP errors. Their source is what
 * the client spoke to, so it never sees another address; they leave by the device that the packet
 * came in by, to the link address it came from. To be called before anything of the packet was
 * changed.
 *
 * Most packets of local sockets have an unfinished checksum (CHECKSUM_PARTIAL): the kernel
 * remembers a place where it will be put in when the packet leaves for real hardware, and in an
 * answer that place is something else. Nothing tells a program so. What helps without knowing:
 * bytes that are taken away behind the link header take the mark with them (hook_cut). So the front
 * of the packet is taken away as far as the L4 header, and put back where it is quoted.
 */
#ifndef LB_REPLY_H
#define LB_REPLY_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include "lb_csum.h"
#include "lb_packet.h"

#define LB_REPLY_TTL 64
/* Where the addresses begin in an IPv6 header. */
#define LB_REPLY_ADDRS6 8

/* Headers in front of the L4 header that an error can quote; a packet with more of them gets no
 * answer. */
#define LB_REPLY_FRONT 128

/* As much as fits is quoted: RFC 1812 4.3.2.3 allows 576 bytes in all, RFC 4443 2.4 (c) 1280. Eight
 * bytes behind the IP header would be the least (RFC 792), but TCP and SCTP look at what is further
 * behind to tell a forged error. */
#define LB_REPLY_MAX4 576
#define LB_REPLY_MAX6 1280

#define LB_ICMP_UNREACHABLE  3
#define LB_ICMP_PORT	     3
#define LB_ICMP_FRAG_NEEDED  4
#define LB_ICMP_TIME	     11
#define LB_ICMP6_UNREACHABLE 1
#define LB_ICMP6_PORT	     4
#define LB_ICMP6_TOO_BIG     2
#define LB_ICMP6_TIME	     3

struct lb_icmp {
	__u8 type;
	__u8 code;
	__sum16 check;
	__be32 rest; /* MTU, or 0 */
};

/* Whoever cannot be answered by unicast must not be, and no error is answered by an error (RFC 1122
 * 3.2.2, RFC 4443 2.4 (e)). */
static __noinline bool lb_reply_allowed(hook_ctx *ctx, const struct lb_packet *pkt)
{
	const __be32 *src = pkt->tuple.src;
	const __be32 *dst = pkt->tuple.dst;
	__u8 group = 0;

	if (pkt->flags & (LB_PACKET_ICMP_ERROR | LB_PACKET_FRAG_LATER))
		return false;
	if (pkt->l3 && (hook_read(ctx, 0, &group, 1) || (group & 1)))
		return false;
	if (pkt->tuple.family == 4) {
		__u32 from = bpf_ntohl(src[3]);

		/* 0/8 is nobody; 224/4 and above are groups, reserved and broadcast. */
		return from >> 24 && from >> 29 != 7 && bpf_ntohl(dst[3]) >> 29 != 7;
	}
	if (!(src[0] | src[1] | src[2] | src[3]))
		return false;
	return (src[0] & bpf_htonl(0xff000000)) != bpf_htonl(0xff000000) &&
	       (dst[0] & bpf_htonl(0xff000000)) != bpf_htonl(0xff000000);
}

/* Bytes of the link header that the answer has. A priority tag is given up: the kernel can make
 * room behind an Ethernet header only, and an answer without priority arrives as well. */
lb_inline __u32 lb_reply_link(const struct lb_packet *pkt)
{
	return pkt->l3 ? ETH_HLEN : 0;
}

/* Bytes in front of the L4 header and as far into it as hook_cut() needs. */
lb_inline __u32 lb_reply_front(const struct lb_packet *pkt)
{
	return pkt->l4 - pkt->l3 + lb_reply_link(pkt) + 2;
}

/* From 1 to LB_REPLY_FRONT, as the length is: so that the verifier sees it. Before 6.8 it learns
 * nothing from a comparison with 0. */
lb_inline __u32 lb_reply_bound(__u32 len)
{
	return ((len - 1) & (LB_REPLY_FRONT - 1)) + 1;
}

/* Cuts the packet to `len` bytes, which drops offloads and, since it does change the length, a sum
 * that the device took of the packet. */
lb_inline long lb_reply_resize(hook_ctx *ctx, __u32 len)
{
	long err = hook_resize(ctx, len + 1);

	return err ? err : hook_resize(ctx, len);
}

static __noinline long lb_reply_turn_link(hook_ctx *ctx, const struct lb_packet *pkt)
{
	__u8 addr[12];
	long err;

	if (!pkt->l3)
		return 0;
	err = hook_read(ctx, 0, addr + 6, 6);
	if (!err)
		err = hook_read(ctx, 6, addr, 6);
	return err ? err : hook_write(ctx, 0, addr, sizeof(addr));
}

/* The IP header of an answer with `len` bytes behind it. */
static __noinline long lb_reply_ip(hook_ctx *ctx, const struct lb_packet *pkt, __u8 proto,
				   __u32 len)
{
	if (pkt->tuple.family == 4) {
		struct iphdr ip;

		/* Written whole first: up to 6.2 the verifier asks for each byte that the sum is
		 * taken of, and the compiler leaves out those that it knows to be 0. */
		__builtin_memset(&ip, 0, sizeof(ip));
		lb_touch(ip);
		*(__u8 *)&ip = 0x45;
		ip.tot_len = bpf_htons(sizeof(ip) + len);
		ip.frag_off = bpf_htons(0x4000); /* never fragmented, so it needs no id */
		ip.ttl = LB_REPLY_TTL;
		ip.protocol = proto;
		ip.saddr = pkt->tuple.dst[3];
		ip.daddr = pkt->tuple.src[3];
		ip.check = lb_csum_finish(bpf_csum_diff(NULL, 0, (__be32 *)&ip, sizeof(ip), 0));
		return hook_write(ctx, lb_reply_link(pkt), &ip, sizeof(ip));
	} else {
		/* The addresses come from where they are: the stack is short. */
		__u32 off = lb_reply_link(pkt) + LB_REPLY_ADDRS6;
		struct {
			__be32 version;
			__be16 len;
			__u8 next;
			__u8 hops;
		} head = {
			.version = bpf_htonl(6u << 28),
			.len = bpf_htons(len),
			.next = proto,
			.hops = LB_REPLY_TTL,
		};
		long err = hook_write(ctx, lb_reply_link(pkt), &head, sizeof(head));

		if (!err)
			err = hook_write(ctx, off, pkt->tuple.dst, sizeof(pkt->tuple.dst));
		return err ? err
			   : hook_write(ctx, off + sizeof(pkt->tuple.dst), pkt->tuple.src,
					sizeof(pkt->tuple.src));
	}
}

/* The pseudo header is a sum, so it is the same in both directions. */
lb_inline __u64 lb_reply_pseudo(const struct lb_packet *pkt, __u8 proto, __u32 len)
{
	__u64 sum = bpf_htonl(len);

	sum += bpf_htonl(proto);
	if (pkt->tuple.family == 4)
		return sum + pkt->tuple.src[3] + pkt->tuple.dst[3];
	for (int i = 0; i < 4; i++)
		sum += (__u64)pkt->tuple.src[i] + pkt->tuple.dst[i];
	return sum;
}

/* RFC 9293 3.10.7.1: what a closed port answers. */
static __noinline long lb_reply_tcp(hook_ctx *ctx, const struct lb_packet *pkt, struct tcphdr *tcp)
{
	struct tcphdr got;
	__u32 header, payload;
	long err = hook_read(ctx, pkt->l4, &got, sizeof(got));

	if (err)
		return err;
	__builtin_memset(tcp, 0, sizeof(*tcp));
	tcp->source = got.dest;
	tcp->dest = got.source;
	((__u8 *)tcp)[12] = sizeof(*tcp) / 4 << 4;
	if (pkt->tcp_flags & LB_TCP_ACK) {
		tcp->seq = got.ack_seq;
		((__u8 *)tcp)[13] = LB_TCP_RST;
	} else {
		header = (((__u8 *)&got)[12] >> 4) * 4 + pkt->l4 - pkt->l3;
		payload = pkt->len > header ? pkt->len - header : 0;
		if (pkt->tcp_flags & LB_TCP_SYN)
			payload++;
		if (pkt->tcp_flags & LB_TCP_FIN)
			payload++;
		tcp->ack_seq = bpf_htonl(bpf_ntohl(got.seq) + payload);
		((__u8 *)tcp)[13] = LB_TCP_RST | LB_TCP_ACK;
	}
	tcp->check = lb_csum_finish(
		bpf_csum_diff(NULL, 0, (__be32 *)tcp, sizeof(*tcp),
			      lb_csum_fold32(lb_reply_pseudo(pkt, IPPROTO_TCP, sizeof(*tcp)))));
	return 0;
}

/* Answers a TCP segment with a reset. A verdict. */
static __noinline int lb_reply_reset(hook_ctx *ctx, const struct lb_packet *pkt)
{
	__u32 head = pkt->tuple.family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	__u32 link = lb_reply_link(pkt);
	__u32 front = lb_reply_front(pkt);
	struct tcphdr tcp = {}; /* a function fills it, which may fail for all the verifier knows */

	if ((pkt->tcp_flags & LB_TCP_RST) || !lb_reply_allowed(ctx, pkt) ||
	    lb_reply_tcp(ctx, pkt, &tcp))
		return HOOK_DROP;
	if (hook_untag(ctx) || lb_reply_resize(ctx, link + front + head + sizeof(tcp)) ||
	    hook_cut(ctx, front))
		return HOOK_DROP;
	if (lb_reply_turn_link(ctx, pkt) || lb_reply_ip(ctx, pkt, IPPROTO_TCP, sizeof(tcp)) ||
	    hook_write(ctx, link + head, &tcp, sizeof(tcp)))
		return HOOK_DROP;
	return hook_send(ctx, hook_ifindex(ctx));
}

/* The sum of `len` bytes from `off` on; `chunk` is scratch. */
lb_inline long lb_reply_sum(hook_ctx *ctx, __u32 off, __u32 len, __u8 *chunk, __u64 *sum)
{
#pragma clang loop unroll(disable)
	for (__u32 at = 0; at < LB_REPLY_MAX6; at += LB_REPLY_FRONT) {
		__u32 left = len - at;
		long err;

		if (at >= len)
			break;
		if (left >= LB_REPLY_FRONT) {
			err = hook_read(ctx, off + at, chunk, LB_REPLY_FRONT);
		} else {
			__builtin_memset(chunk, 0, LB_REPLY_FRONT);
			asm volatile("" : "+r"(left));
			left = lb_reply_bound(left);
			err = hook_read(ctx, off + at, chunk, left);
		}
		if (err)
			return err;
		*sum = bpf_csum_diff(NULL, 0, (__be32 *)chunk, LB_REPLY_FRONT,
				     lb_csum_fold32(*sum));
	}
	return 0;
}

/* Puts `head` bytes of void between the link header and the first `quote` bytes of the packet. */
static __noinline long lb_reply_quote(hook_ctx *ctx, const struct lb_packet *pkt, __u32 head,
				      __u32 quote, __u8 *keep)
{
	__u32 link = lb_reply_link(pkt);
	__u32 front = lb_reply_front(pkt);
	/* The kernel wants an IP header to be left while the front is away. */
	__u32 room = front + sizeof(struct ipv6hdr);
	long err;

	if (room < quote)
		room = quote;
	err = lb_reply_resize(ctx, link + room);
	if (err)
		return err;
	asm volatile("" : "+r"(front));
	front = lb_reply_bound(front);
	err = hook_read(ctx, link, keep, front);
	if (!err)
		err = hook_cut(ctx, front);
	if (!err)
		err = hook_room(ctx, head + front);
	if (!err)
		err = hook_write(ctx, link + head, keep, front);
	return err ? err : hook_resize(ctx, link + head + quote);
}

/* Answers with an ICMP or ICMPv6 error. A verdict. */
static __noinline int lb_reply_icmp(hook_ctx *ctx, const struct lb_packet *pkt,
				    const struct lb_icmp *icmp)
{
	bool ip4 = pkt->tuple.family == 4;
	__u32 head = (ip4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) + sizeof(*icmp);
	__u32 quote = (ip4 ? LB_REPLY_MAX4 : LB_REPLY_MAX6) - head;
	__u8 proto = ip4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	__u32 link = lb_reply_link(pkt);
	__u8 chunk[LB_REPLY_FRONT] = {};
	struct lb_icmp msg = *icmp;
	__u64 sum = 0;

	if (quote > pkt->len)
		quote = pkt->len;
	if (lb_reply_front(pkt) >= sizeof(chunk) || !lb_reply_allowed(ctx, pkt))
		return HOOK_DROP;
	if (hook_untag(ctx) || lb_reply_quote(ctx, pkt, head, quote, chunk) ||
	    lb_reply_turn_link(ctx, pkt))
		return HOOK_DROP;
	if (!ip4)
		sum = lb_reply_pseudo(pkt, proto, sizeof(msg) + quote);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&msg, sizeof(msg), lb_csum_fold32(sum));
	if (lb_reply_sum(ctx, link + head, quote, chunk, &sum))
		return HOOK_DROP;
	msg.check = lb_csum_finish(sum);
	if (hook_write(ctx, link + head - sizeof(msg), &msg, sizeof(msg)) ||
	    lb_reply_ip(ctx, pkt, proto, sizeof(msg) + quote))
		return HOOK_DROP;
	return hook_send(ctx, hook_ifindex(ctx));
}

/* "Port unreachable". A verdict. */
lb_inline int lb_reply_unreachable(hook_ctx *ctx, const struct lb_packet *pkt)
{
	bool ip4 = pkt->tuple.family == 4;
	struct lb_icmp icmp = {
		.type = ip4 ? LB_ICMP_UNREACHABLE : LB_ICMP6_UNREACHABLE,
		.code = ip4 ? LB_ICMP_PORT : LB_ICMP6_PORT,
	};

	return lb_reply_icmp(ctx, pkt, &icmp);
}

/* "Fragmentation needed" or "packet too big". A verdict. */
lb_inline int lb_reply_too_big(hook_ctx *ctx, const struct lb_packet *pkt, __u32 mtu)
{
	bool ip4 = pkt->tuple.family == 4;
	struct lb_icmp icmp = {
		.type = ip4 ? LB_ICMP_UNREACHABLE : LB_ICMP6_TOO_BIG,
		.code = ip4 ? LB_ICMP_FRAG_NEEDED : 0,
		.rest = bpf_htonl(mtu),
	};

	return lb_reply_icmp(ctx, pkt, &icmp);
}

/* "Time exceeded in transit". A verdict. */
lb_inline int lb_reply_ttl(hook_ctx *ctx, const struct lb_packet *pkt)
{
	struct lb_icmp icmp = {
		.type = pkt->tuple.family == 4 ? LB_ICMP_TIME : LB_ICMP6_TIME,
	};

	return lb_reply_icmp(ctx, pkt, &icmp);
}

#endif
