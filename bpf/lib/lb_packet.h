/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A packet as the core sees it: parsed once, the same for both families and every hook. */
#ifndef LB_PACKET_H
#define LB_PACKET_H

#include "lb_addr.h"

enum lb_packet_flag {
	LB_PACKET_ICMP_ERROR = 1, /* tuple is that of the packet the error is about, turned round:
				     the direction in which the error travels */
	LB_PACKET_FRAG = 2,	  /* part of a fragmented datagram */
	LB_PACKET_FRAG_LATER =
		4,	    /* and not its first: ports come from lb_frags, there is no L4 header */
	LB_PACKET_DATA = 8, /* TCP, once a tick: it carries data */
	LB_PACKET_TUNNEL = 16, /* it came in a tunnel from another node, for a backend of this one
				*/
	LB_PACKET_UNTRACKED = 32, /* its flow has no entry, and goes into a tunnel */
	LB_PACKET_ASKS = 64,	  /* with UNTRACKED: whether its flow has an entry where it goes */
	LB_PACKET_BACK = 128,	  /* with ASKS: the answer, to who asked: none is here */
	LB_PACKET_TURN = 256,	  /* in a tunnel: its receiver is one of several who may know it */
	LB_PACKET_LAST = 512,	  /* in a tunnel: all of them were asked */
};

/* In the flags from here on, with LB_PACKET_TURN: how many have passed it on. */
#define LB_PACKET_STEP_SHIFT 10

/* Who talks to whom. Addresses in 16 bytes, IPv4 as v4-mapped. */
struct lb_tuple {
	__be32 src[4];
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 family; /* 4 or 6 */
	__u16 pad;
};

struct lb_packet {
	struct lb_tuple tuple;
	__u16 flags;	/* enum lb_packet_flag */
	__u16 l3;	/* offset of the (outer) IP header */
	__u16 l4;	/* offset of the transport header; of the ICMP header for ICMP errors */
	__u16 inner_l3; /* ICMP errors: offset of the IP header they carry */
	__u16 inner_l4; /* and of the transport header in it */
	__u8 tcp_flags; /* byte 13 of the TCP header; SCTP: lb_sctp_flags(); 0 else */
	__u8 ttl;	/* or hop limit */
	__u32 len;	/* bytes from the (outer) IP header on, as that header says */
	__be32 frag_id;
};

/* A packet on its way through a hook: as it came, as it leaves, and what conntrack knows. */
struct lb_pass {
	struct lb_packet pkt;
	union {
		struct lb_tuple to;
		struct lb_addr ask[2]; /* scratch of lb_choose(), which finds out what `to` is:
					  the stack is short */
	};
	struct lb_ct_state ct; /* a copy of the entry's */
	__u32 ifindex;	       /* where the hook is */
	__u16 reason;	       /* enum lb_reason: how it ended */
	__u8 hook;	       /* enum lb_ct_hook */
	__u8 guard_kind;       /* enum lb_guard_kind */
	__u32 clock;	       /* of a client's SYN or FIN, host order */
};

/* What is not known of a packet that was parsed. Before 6.3 the verifier wants all that is handed
 * to a function (lb_once) written. */
lb_inline void lb_pass_begin(struct lb_pass *pass, enum lb_ct_hook hook, __u32 ifindex)
{
	__builtin_memset(&pass->to, 0, sizeof(pass->to));
	__builtin_memset(&pass->ct, 0, sizeof(pass->ct));
	pass->reason = LB_PKT_PASSED;
	pass->guard_kind = LB_GUARD_NONE;
	pass->clock = 0;
	pass->hook = hook;
	pass->ifindex = ifindex;
}

#define LB_TCP_FIN 1
#define LB_TCP_SYN 2
#define LB_TCP_RST 4
#define LB_TCP_ACK 16

/*
 * What the first chunk of an SCTP packet says in TCP's terms, so that both have the same phases:
 * INIT is a SYN, INIT ACK a SYN+ACK, ABORT a RST, SHUTDOWN, its ACK and its COMPLETE a FIN. Half a
 * byte of `means` for each type, the high bit for ACK; without a branch, as each would be a way
 * that the verifier walks to its end.
 */
lb_inline __u8 lb_sctp_flags(__u8 chunk)
{
	const __u64 means = 0x8988888994888A28ULL;
	__u32 type = chunk & -!(chunk >> 4), half = means >> (type << 2 & 63);

	return (half & (LB_TCP_FIN | LB_TCP_SYN | LB_TCP_RST)) | (half & 8) << 1;
}

/* Whether the packet may be the first of a talk, as far as can be seen. */
lb_inline bool lb_begins(const struct lb_packet *pkt)
{
	return pkt->tuple.proto == IPPROTO_UDP ||
	       (pkt->tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) == LB_TCP_SYN;
}

/* As the kernel's lookups want it (`turned`: what comes back); its size. */
lb_inline __u32 lb_sock_tuple(struct bpf_sock_tuple *ask, const struct lb_tuple *at, bool turned)
{
	if (at->family == 4) {
		ask->ipv4.saddr = turned ? at->dst[3] : at->src[3];
		ask->ipv4.daddr = turned ? at->src[3] : at->dst[3];
		ask->ipv4.sport = turned ? at->dport : at->sport;
		ask->ipv4.dport = turned ? at->sport : at->dport;
		return sizeof(ask->ipv4);
	}
	lb_copy16(ask->ipv6.saddr, turned ? at->dst : at->src);
	lb_copy16(ask->ipv6.daddr, turned ? at->src : at->dst);
	ask->ipv6.sport = turned ? at->dport : at->sport;
	ask->ipv6.dport = turned ? at->sport : at->dport;
	return sizeof(ask->ipv6);
}

lb_inline void lb_addr_dst(struct lb_addr *addr, const struct lb_tuple *at)
{
	lb_copy16(addr->addr, at->dst);
	addr->port = at->dport;
	addr->proto = at->proto;
	addr->pad = 0;
}

#endif
