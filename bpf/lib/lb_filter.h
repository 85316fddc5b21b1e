/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The destination filter: most packets are nobody's business here, and asking conntrack and the
 * services about each would touch memory that is cold. So a bitmap has the addresses that packets
 * of ours go to: frontends and node addresses, by the agent, and where flows' requests and replies
 * go, by those who open them. A packet to another address goes on at once.
 *
 * Bits are only ever set, in both banks; the agent empties the bank that is not in use now and
 * then, fills it from the tables and the flows, and changes over
 * (src/EbpfLb.Datapath/DestinationFilters). So whoever sets a bit does it after what it is about is
 * in its table.
 */
#ifndef LB_FILTER_H
#define LB_FILTER_H

#include "lb_packet.h"
#include "lb_settings.h"
#include "lb_unknown.h"

/* As FilterBits.Of() of the agent has it. */
lb_inline __u32 lb_filter_bit(const __be32 *addr)
{
	__u32 hash = addr[3] * 0x9e3779b1;

	hash = (hash ^ hash >> 15 ^ addr[2]) * 0x85ebca6b;
	hash = (hash ^ hash >> 13 ^ addr[1]) * 0xc2b2ae35;
	hash = (hash ^ hash >> 16 ^ addr[0]) * 0x27d4eb2f;
	return hash >> (32 - LB_FILTER_BITS_LOG2);
}

lb_inline __u64 *lb_filter_word(__u32 bank, __u32 bit)
{
	__u32 index = LB_FILTER_FIRST + (bank - 1) * LB_FILTER_WORDS + (bit >> 6);

	return bpf_map_lookup_elem(&lb_filter, &index);
}

/* The bank in use; 0: none, all packets are looked at. */
lb_inline __u32 lb_filter_bank(void)
{
	__u32 index = 0;
	const __u64 *bank = bpf_map_lookup_elem(&lb_filter, &index);

	return bank ? READ_ONCE(*bank) : 0;
}

lb_inline bool lb_filter_has(__u32 bank, const __be32 *addr)
{
	__u32 bit = lb_filter_bit(addr);
	const __u64 *word = lb_filter_word(bank, bit);

	return !word || READ_ONCE(*word) >> (bit & 63) & 1;
}

/* Whether flows or frontends are at the packet's destination, as far as that is known. */
lb_inline bool lb_filter_leads(const struct lb_packet *pkt)
{
	__u32 bank = lb_filter_bank();

	return !bank || lb_filter_has(bank, pkt->tuple.dst);
}

/* Whether the packet, which leaves, begins a connection from a port that we may have given to a
 * flow: see lb_move(). */
lb_inline bool lb_filter_moves(const struct lb_packet *pkt)
{
	const struct lb_settings *set;
	__u16 port;

	if (likely((pkt->tcp_flags & (LB_TCP_SYN | LB_TCP_ACK)) != LB_TCP_SYN ||
		   pkt->tuple.proto != IPPROTO_TCP))
		return false;
	set = lb_settings_get();
	port = bpf_ntohs(pkt->tuple.sport);
	return set && port >= set->snat_port_first && port <= set->snat_port_last;
}

/* True: the packet is no flow's and asks for no frontend. */
lb_inline bool lb_filter_shut(const struct lb_packet *pkt, enum lb_ct_hook hook)
{
	const struct lb_settings *set;
	struct lb_addr dst;
	__u32 bank = lb_filter_bank();

	if (!bank || lb_filter_has(bank, pkt->tuple.dst))
		return false;
	if (hook == LB_CT_EGRESS)
		return !lb_filter_moves(pkt) || !lb_filter_has(bank, pkt->tuple.src);
	/* It may put an end to a flow of its client (lb_ct_direct()). */
	if (lb_begins(pkt) && lb_filter_has(bank, pkt->tuple.src))
		return false;
	lb_addr_dst(&dst, &pkt->tuple);
	set = lb_settings_get();
	return set && !lb_addr_loopback4(&dst) && !lb_addr_loopback6(&dst) &&
	       !lb_unknown_near(set, &dst);
}

lb_inline void lb_filter_open_bank(__u32 bank, __u32 bit)
{
	__u64 *word = lb_filter_word(bank, bit), mask = 1ull << (bit & 63);

	if (word && !(READ_ONCE(*word) & mask))
		__sync_fetch_and_or(word, mask);
}

lb_inline void lb_filter_open_to(const __be32 *addr)
{
	__u32 bit = lb_filter_bit(addr);

	lb_filter_open_bank(1, bit);
	lb_filter_open_bank(2, bit);
}

/* The flow's packets are looked at from now on, in both directions. */
lb_once int lb_filter_open(const struct lb_pass *pass)
{
	if (!pass)
		return -EINVAL;
	lb_filter_open_to(pass->pkt.tuple.dst);
	lb_filter_open_to(pass->to.src);
	return 0;
}

#endif
