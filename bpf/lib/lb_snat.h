/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Another source port for a flow: writing its reply entry is claiming it.
 *
 * The backend must not take the new connection for a left-over. Behind a socket in TIME_WAIT it
 * accepts a SYN only if sequence number or timestamp go on from the last connection of that port,
 * and a client's clocks do so for each pair of ports by itself. So a client's port always leads to
 * the same place of the range, ports of one client to different places as far as the range goes,
 * and those of others come next only when the place is taken: by a flow, or by one that has closed
 * and is remembered for as long as TIME_WAIT lasts.
 */
#ifndef LB_SNAT_H
#define LB_SNAT_H

#include "lb_conntrack.h"

/* Ports tried before those of closed flows are taken too. */
#define LB_SNAT_POLITE 32

struct lb_snat_search {
	struct lb_walk *walk;
	__u32 first; /* host order */
	__u32 count;
	__u32 start;
	__s32 rc;
};

/* The port's owner has closed, or is a UDP question that was answered: it goes, and the port is
 * ours. */
lb_once long lb_snat_take(const struct lb_walk *walk)
{
	struct lb_ct_key6 key;

	if (!walk)
		return -EINVAL;
	lb_ct_key6_turned(&key, &walk->to, lb_ct_other(walk->ct.flags, walk->hook));
	if (!lb_ct_remove(&key, lb_ct_done(walk->pkt.tuple.proto)))
		return -EEXIST;
	return lb_ct_put_other(walk);
}

static long lb_snat_step(__u32 index, struct lb_snat_search *search)
{
	struct lb_walk *walk = search->walk;
	__u32 count = search->count;
	long rc;

	if (!count)
		return 1;
	walk->to.sport = bpf_htons(search->first + (search->start + index) % count);
	rc = lb_ct_put_other(walk);
	if (rc == -EEXIST && index >= LB_SNAT_POLITE) {
		rc = lb_snat_take(walk);
		if (!rc)
			lb_count(LB_CT_PORT_TAKEN);
	}
	search->rc = rc;
	return rc != -EEXIST;
}

/* Where the search begins. The address counts too: clients with one and the same port (SIP, NTP)
 * would queue up behind each other. */
lb_inline __u32 lb_snat_place(const struct lb_tuple *at)
{
	__u32 client = at->src[0] ^ at->src[1] ^ at->src[2] ^ at->src[3];

	return (client * 0x9e3779b1 >> 16) + bpf_ntohs(at->sport);
}

/* Finds a port for walk->to and claims it, over the whole range before giving up. 0, -EEXIST when
 * all are taken, another error when the table is full. */
lb_once long lb_snat_claim(struct lb_walk *walk)
{
	const struct lb_settings *set = lb_settings_get();
	struct lb_snat_search search = {.walk = walk, .rc = -EEXIST};

	if (!walk || !set || set->snat_port_last < set->snat_port_first)
		return -EEXIST;
	search.first = set->snat_port_first;
	search.count = set->snat_port_last - set->snat_port_first + 1;
	search.start = lb_snat_place(&walk->pkt.tuple);
	bpf_loop(search.count + LB_SNAT_POLITE, lb_snat_step, &search, 0);
	return search.rc;
}

#endif
