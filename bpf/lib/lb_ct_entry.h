/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The two entries of a flow: found, written and deleted, each from what the other says. */
#ifndef LB_CT_ENTRY_H
#define LB_CT_ENTRY_H

#include "lb_ipv4.h"
#include "lb_ipv6.h"
#include "lb_maps.h"

/* In the mtu of an LB_CT_EGRESS entry, which has no route: a SYN of its client went to the backend
 * itself. */
#define LB_CT_CONTESTED 1

/* Whether the packet leaves by a flow of lb_move.h, which has no service. */
lb_inline bool lb_ct_moved(const struct lb_walk *walk)
{
	return walk->hook == LB_CT_EGRESS && !walk->ct.service_id;
}

/* The hook of a flow's other entry. */
lb_inline __u8 lb_ct_other(__u8 flags, __u8 hook)
{
	return flags & LB_CT_SNAT ? LB_CT_INGRESS : hook ^ 1;
}

/* The entry for the packet, copied into `to` and `ct` of the walk. */
lb_inline bool lb_ct_find(struct lb_walk *walk)
{
	return walk->pkt.tuple.family == 4 ? lb_ct_find4(walk) : lb_ct_find6(walk);
}

/* The state in the entry of the packet (`turned`: in the flow's other entry), or NULL; its ids have
 * the seal with them. Of the other one `*ours` says whether it belongs to the same flow. */
lb_inline struct lb_ct_state *lb_ct_state(const struct lb_walk *walk, bool turned, bool *ours)
{
	__u8 hook = turned ? lb_ct_other(walk->ct.flags, walk->hook) : walk->hook;

	*ours = true;
	if (walk->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;
		struct lb_ct4 *ct;

		if (turned)
			lb_ct_key4_turned(&key, &walk->to, hook);
		else
			lb_ct_key4_of(&key, &walk->pkt.tuple, hook);
		ct = bpf_map_lookup_elem(&lb_conntrack4, &key);
		if (!ct)
			return NULL;
		lb_pin(ct);
		if (unlikely(!lb_ct_sealed4(&key, ct)))
			return NULL;
		if (turned)
			*ours = lb_ct4_turned(ct, &walk->pkt.tuple);
		return &ct->state;
	} else {
		struct lb_ct_key6 key;
		struct lb_ct6 *ct;

		if (turned)
			lb_ct_key6_turned(&key, &walk->to, hook);
		else
			lb_ct_key6_of(&key, &walk->pkt.tuple, hook);
		ct = bpf_map_lookup_elem(&lb_conntrack6, &key);
		if (!ct)
			return NULL;
		lb_pin(ct);
		if (unlikely(!lb_ct_sealed6(&key, ct)))
			return NULL;
		if (turned)
			*ours = lb_ct6_turned(ct, &walk->pkt.tuple);
		return &ct->state;
	}
}

/* Writes the entry of the packet as the walk has it. */
lb_once long lb_ct_put(const struct lb_walk *walk)
{
	if (!walk)
		return -EINVAL;
	if (walk->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;
		struct lb_ct4 ct;

		lb_ct_key4_of(&key, &walk->pkt.tuple, walk->hook);
		ct.src = walk->to.src[3];
		ct.dst = walk->to.dst[3];
		ct.sport = walk->to.sport;
		ct.dport = walk->to.dport;
		ct.state = walk->ct;
		lb_touch(key);
		lb_touch(ct);
		lb_ct_seal(&ct.state, lb_ct_seal4(&key, ct.src, ct.dst, ct.sport, ct.dport));
		return bpf_map_update_elem(&lb_conntrack4, &key, &ct, BPF_NOEXIST);
	} else {
		struct lb_ct_key6 key;
		struct lb_ct6 ct;

		lb_ct_key6_of(&key, &walk->pkt.tuple, walk->hook);
		lb_copy16(ct.src, walk->to.src);
		lb_copy16(ct.dst, walk->to.dst);
		ct.sport = walk->to.sport;
		ct.dport = walk->to.dport;
		ct.state = walk->ct;
		lb_touch(key);
		lb_touch(ct);
		lb_ct_seal(&ct.state, lb_ct_seal6(&key, ct.src, ct.dst, ct.sport, ct.dport));
		return bpf_map_update_elem(&lb_conntrack6, &key, &ct, BPF_NOEXIST);
	}
}

/* The other entry's state, as it follows from this one's: what a request's route is only its next
 * packet finds out, and a reply leaves where the request came in. */
lb_inline void lb_ct_turn_state(const struct lb_walk *walk, struct lb_ct_state *state)
{
	*state = walk->ct;
	state->flags = (walk->ct.flags ^ LB_CT_REPLY) &
		       ~(LB_CT_FIN | LB_CT_RST | LB_CT_UNACKED | LB_CT_STACK | LB_CT_DIRECT);
	state->mtu = 0;
	state->oif = 0;
	if (state->flags & LB_CT_REPLY) {
		state->oif = walk->ifindex;
	} else {
		/* Its own next packet shall look for its route. */
		state->tick = walk->ct.tick - 1;
		if (!(state->flags & LB_CT_SNAT))
			state->flags |= LB_CT_STACK;
	}
}

/* Writes the other entry of the flow. */
lb_once long lb_ct_put_other(const struct lb_walk *walk)
{
	__u8 hook;

	if (!walk)
		return -EINVAL;
	hook = lb_ct_other(walk->ct.flags, walk->hook);
	if (walk->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;
		struct lb_ct4 ct;

		lb_ct_key4_turned(&key, &walk->to, hook);
		ct.src = walk->pkt.tuple.dst[3];
		ct.dst = walk->pkt.tuple.src[3];
		ct.sport = walk->pkt.tuple.dport;
		ct.dport = walk->pkt.tuple.sport;
		lb_ct_turn_state(walk, &ct.state);
		lb_touch(key);
		lb_touch(ct);
		lb_ct_seal(&ct.state, lb_ct_seal4(&key, ct.src, ct.dst, ct.sport, ct.dport));
		return bpf_map_update_elem(&lb_conntrack4, &key, &ct, BPF_NOEXIST);
	} else {
		struct lb_ct_key6 key;
		struct lb_ct6 ct;

		lb_ct_key6_turned(&key, &walk->to, hook);
		lb_copy16(ct.src, walk->pkt.tuple.dst);
		lb_copy16(ct.dst, walk->pkt.tuple.src);
		ct.sport = walk->pkt.tuple.dport;
		ct.dport = walk->pkt.tuple.sport;
		lb_ct_turn_state(walk, &ct.state);
		lb_touch(key);
		lb_touch(ct);
		lb_ct_seal(&ct.state, lb_ct_seal6(&key, ct.src, ct.dst, ct.sport, ct.dport));
		return bpf_map_update_elem(&lb_conntrack6, &key, &ct, BPF_NOEXIST);
	}
}

/* Deletes the entry of the packet, or (`turned`) the flow's other one. */
lb_once int lb_ct_delete(const struct lb_walk *walk, bool turned)
{
	__u8 hook;

	if (!walk)
		return -EINVAL;
	hook = turned ? lb_ct_other(walk->ct.flags, walk->hook) : walk->hook;
	if (walk->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;

		if (turned)
			lb_ct_key4_turned(&key, &walk->to, hook);
		else
			lb_ct_key4_of(&key, &walk->pkt.tuple, hook);
		bpf_map_delete_elem(&lb_conntrack4, &key);
	} else {
		struct lb_ct_key6 key;

		if (turned)
			lb_ct_key6_turned(&key, &walk->to, hook);
		else
			lb_ct_key6_of(&key, &walk->pkt.tuple, hook);
		bpf_map_delete_elem(&lb_conntrack6, &key);
	}
	return 0;
}

#endif
