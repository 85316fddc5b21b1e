/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Fragments: the first one tells the ports, the others find them by the datagram's id. */
#ifndef LB_FRAG_H
#define LB_FRAG_H

#include "lb_packet.h"
#include "lb_maps.h"

/* How often a fragment that overtook its first one goes round: anybody may send such. */
#define LB_FRAG_ROUNDS 2

/* False: the first fragment was not seen yet. */
lb_once int lb_frag_ports(struct lb_packet *pkt)
{
	struct lb_frag_key key = {};
	struct lb_frag first;
	const struct lb_frag *known;

	if (!pkt)
		return false;
	key.id = pkt->frag_id;
	key.proto = pkt->tuple.proto;
	__builtin_memcpy(key.src, pkt->tuple.src, sizeof(key.src));
	__builtin_memcpy(key.dst, pkt->tuple.dst, sizeof(key.dst));
	if (!(pkt->flags & LB_PACKET_FRAG_LATER)) {
		first.sport = pkt->tuple.sport;
		first.dport = pkt->tuple.dport;
		bpf_map_update_elem(&lb_frags, &key, &first, BPF_ANY);
		return true;
	}
	known = bpf_map_lookup_elem(&lb_frags, &key);
	if (!known)
		return false;
	pkt->tuple.sport = known->sport;
	pkt->tuple.dport = known->dport;
	return true;
}

#endif
