/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Another source port for a flow: writing its reply entry is claiming it.
 *
 * The backend must not take the new connection for a left-over. Behind a socket in TIME_WAIT it
 * accepts a SYN only if sequence number or timestamp go on from the last connection of that port
 * (lb_guard.h), and a client's clocks do so for each pair of ports by itself. So a client's port
 * always leads to the same place of the range, ports of one client to different places as far as
 * the range goes, and those of others come next only when the place is taken: by a flow, or by one
 * that has closed and is remembered for as long as TIME_WAIT lasts. And no port is chosen from
 * which the SYN would not go on, as long as there is another.
 *
 * Where ports are used up a search through all of the range would be made for every SYN. One is
 * made in a tick: it leaves a mark (lb_snat_full), and to the end of the tick searches towards that
 * backend look at a few ports each, every one where the last has stopped. So long searches pass no
 * more ports in a tick than there are flows, on each CPU, and a port that becomes free is found by
 * the next tick, sooner where many ask.
 */
#ifndef LB_SNAT_H
#define LB_SNAT_H

#include "lb_guard.h"

/* Ports tried before those of closed flows are taken too. */
#define LB_SNAT_POLITE 32
/* Ports looked at after those until the search is a long one. */
#define LB_SNAT_FEW 128
/* Ports passed over because the backend would not have the SYN, until one is taken all the same. Of
 * clocks that know nothing of each other every second one is behind. */
#define LB_SNAT_REFUSED 16
/* From one place of the range to the next, where a port has to be given back: far away in a range
 * of any size, as what is taken lies together. Of 65,536 this is the golden section. */
#define LB_SNAT_AWAY 40503
/* Ports that are looked at in one go, and how often that makes all there can be. */
#define LB_SNAT_STRIDE	128
#define LB_SNAT_STRIDES (65536 / LB_SNAT_STRIDE)

enum lb_snat_taking {
	LB_SNAT_FREE,	/* what nobody has, and the backend lets go for this SYN */
	LB_SNAT_CLOSED, /* that, and what closed flows have, or half-open ones that only wait */
	LB_SNAT_ANY,	/* whatever the backend thinks of it */
};

/* No pointer is in it: what a function that is verified by itself (lb_once) reads from memory is a
 * number. */
struct lb_snat_search {
	__u32 first; /* host order */
	__u32 count;
	__u32 start;
	__u32 way;   /* as in lb_snat_guard */
	__u32 spare; /* step of the first port that was passed over for its clock */
	__s16 rc;
	__u8 taking; /* enum lb_snat_taking */
	__u8 refused;
	__u32 done; /* 1: the search has ended before its last step */
};

/* Half-open flows without a packet for so many ticks (3 to 5 s) give their SNAT port to others
 * where ports are short. */
#define LB_CT_PATIENCE 4

lb_inline __u32 lb_ct_waited(__u32 now)
{
	return LB_CT_HALF_OPEN | LB_CT_UNTOUCHED_SINCE(now - LB_CT_PATIENCE);
}

/* Whether the port's owner has closed, is a UDP question that was answered, or has waited for its
 * handshake for seconds: a flood would else hold all ports for a minute. */
lb_once int lb_snat_done(const struct lb_pass *pass)
{
	const struct lb_ct_state *state;
	bool ours;

	if (!pass)
		return false;
	state = lb_ct_state(pass, true, &ours);
	return !state || lb_ct_goes(state, lb_ct_done(pass->pkt.tuple.proto)) ||
	       lb_ct_goes(state, lb_ct_waited(pass->ct.tick));
}

/* The port's owner goes if it is done, and the port is ours. */
lb_inline long lb_snat_take(const struct lb_pass *pass)
{
	struct lb_ct_key6 key;

	lb_ct_key6_turned(&key, &pass->to, lb_ct_other(pass->ct.flags, pass->hook));
	if (!lb_ct_remove(&key, lb_ct_done(pass->pkt.tuple.proto)) &&
	    !lb_ct_remove(&key, lb_ct_waited(pass->ct.tick)))
		return -EEXIST;
	return lb_ct_put_other(pass);
}

/*
 * How far ports that are tried politely lie apart. A client's next port begins next to this one:
 * beside a place that is taken, each would find its own taken by the flow before it, for as long
 * as they follow each other.
 */
#define LB_SNAT_APART 1021

/* Looks at one port. True: the search is over. */
lb_inline bool lb_snat_step(struct lb_pass *pass, struct lb_snat_search *search, __u32 index)
{
	__u32 count = search->count;
	__u32 apart = search->taking == LB_SNAT_FREE ? LB_SNAT_APART : 1;
	long rc;

	if (!count)
		return true;
	pass->to.sport = bpf_htons(search->first + (search->start + index * apart) % count);
	search->rc = -EEXIST;
	if (search->taking != LB_SNAT_ANY && !lb_guard_follows(pass, search->way)) {
		if (search->taking == LB_SNAT_FREE || !lb_snat_done(pass))
			return false;
		if (!search->refused++)
			search->spare = index;
		return search->refused == LB_SNAT_REFUSED;
	}
	rc = lb_ct_put_other(pass);
	if (rc == -EEXIST && search->taking != LB_SNAT_FREE) {
		rc = lb_snat_take(pass);
		if (!rc)
			lb_count(LB_CT_PORT_TAKEN);
	}
	search->rc = rc;
	return rc != -EEXIST;
}

/*
 * Looks at `steps` ports, from step `from` of the search on: how many it has looked at. A loop that
 * is verified by itself and goes a stride at the most, so that a search of any length is a loop of
 * calls that costs the verifier next to nothing (bpf_loop() would do as much, since 5.17).
 */
lb_once int lb_snat_look(struct lb_pass *pass, struct lb_snat_search *search, __u32 from,
			 __u32 steps)
{
	__u32 at;

	if (!pass || !search)
		return 0;
#pragma clang loop unroll(disable)
	for (at = 0; at < LB_SNAT_STRIDE; at++) {
		if (at >= steps)
			return at;
		if (lb_snat_step(pass, search, from + at)) {
			search->done = 1;
			return at + 1;
		}
	}
	return LB_SNAT_STRIDE;
}

/* All of the range. */
lb_inline __u32 lb_snat_look_all(struct lb_pass *pass, struct lb_snat_search *search)
{
	__u32 steps = 0;

#pragma clang loop unroll(disable)
	for (int stride = 0; stride < LB_SNAT_STRIDES && steps < search->count; stride++) {
		steps += lb_snat_look(pass, search, steps, search->count - steps);
		if (search->done)
			break;
	}
	return steps;
}

/* Where the search begins. The address counts too: clients with one and the same port (SIP, NTP)
 * would queue up behind each other. */
lb_inline __u32 lb_snat_place(const struct lb_tuple *at)
{
	__u32 client = at->src[0] ^ at->src[1] ^ at->src[2] ^ at->src[3];

	return (client * 0x9e3779b1 >> 16) + bpf_ntohs(at->sport);
}

lb_inline void lb_snat_way_of(struct lb_snat_way *way, const struct lb_pass *pass)
{
	lb_copy16(way->src, pass->to.src);
	lb_copy16(way->dst, pass->to.dst);
	way->dport = pass->to.dport;
	way->proto = pass->to.proto;
	way->pad = 0;
}

/* Whether the mark still counts. The pass's tick is that of the moment: its flow is a new one. */
lb_inline bool lb_snat_full_now(const struct lb_snat_full *full, const struct lb_pass *pass)
{
	return (__s32)(full->tick - pass->ct.tick) >= 0;
}

/* Where a short search goes on; negative: a long one may be made. */
lb_once int lb_snat_recall(const struct lb_pass *pass)
{
	const struct lb_snat_full *full;
	struct lb_snat_way way;

	if (!pass)
		return -EINVAL;
	lb_snat_way_of(&way, pass);
	full = bpf_map_lookup_elem(&lb_snat_full, &way);
	return full && lb_snat_full_now(full, pass) ? (__u16)full->next : -ENOENT;
}

/* The next search goes on at this place. */
lb_once int lb_snat_remember(const struct lb_pass *pass, __u32 next)
{
	struct lb_snat_full *full, fresh;
	struct lb_snat_way way;

	if (!pass)
		return -EINVAL;
	lb_snat_way_of(&way, pass);
	full = bpf_map_lookup_elem(&lb_snat_full, &way);
	if (full && lb_snat_full_now(full, pass)) {
		full->next = next;
		return 0;
	}
	fresh.tick = pass->ct.tick;
	fresh.next = next;
	return bpf_map_update_elem(&lb_snat_full, &way, &fresh, BPF_ANY);
}

/* Finds a port for pass->to and claims it. In another `round` than 0 it begins elsewhere. 0,
 * -EEXIST when none was found, another error when the table is full. */
lb_once long lb_snat_claim(struct lb_pass *pass, __u32 round)
{
	const struct lb_settings *set = lb_settings_get();
	struct lb_snat_search search = {.rc = -EEXIST};
	__u32 steps;
	int next;

	if (!pass || !set || set->snat_port_last < set->snat_port_first)
		return -EEXIST;
	search.first = set->snat_port_first;
	search.count = set->snat_port_last - set->snat_port_first + 1;
	search.start = lb_snat_place(&pass->pkt.tuple) + round * LB_SNAT_AWAY;
	search.way = lb_guard_way(&pass->to);
	lb_snat_look(pass, &search, 0, LB_SNAT_POLITE);
	if (likely(search.rc != -EEXIST))
		return search.rc;

	search.taking = LB_SNAT_CLOSED;
	next = lb_snat_recall(pass);
	search.start = next < 0 ? search.start + LB_SNAT_POLITE : next;
	steps = next < 0 ? lb_snat_look_all(pass, &search)
			 : lb_snat_look(pass, &search, 0, LB_SNAT_FEW);
	if (next >= 0 || steps > LB_SNAT_FEW)
		lb_snat_remember(pass, (search.start + steps) % search.count);
	if (search.rc == -EEXIST && search.refused) {
		search.taking = LB_SNAT_ANY;
		search.start += search.spare;
		lb_snat_look(pass, &search, 0, LB_SNAT_REFUSED);
	}
	return search.rc;
}

#endif
