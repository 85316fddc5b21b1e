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
lb_inline bool lb_ct_moved(const struct lb_pass *pass)
{
	return pass->hook == LB_CT_EGRESS && !pass->ct.service_id;
}

/* The hook of a flow's other entry. */
lb_inline __u8 lb_ct_other(__u8 flags, __u8 hook)
{
	return flags & LB_CT_SNAT ? LB_CT_INGRESS : hook ^ 1;
}

/* The entry for the packet, copied into `to` and `ct` of the pass. */
lb_inline bool lb_ct_find(struct lb_pass *pass)
{
	return pass->pkt.tuple.family == 4 ? lb_ct_find4(pass) : lb_ct_find6(pass);
}

/* The state in the entry of the packet (`turned`: in the flow's other entry), or NULL; its ids have
 * the seal with them. Of the other one `*ours` says whether it belongs to the same flow. */
lb_inline struct lb_ct_state *lb_ct_state(const struct lb_pass *pass, bool turned, bool *ours)
{
	__u8 hook = turned ? lb_ct_other(pass->ct.flags, pass->hook) : pass->hook;

	*ours = true;
	if (pass->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;
		struct lb_ct4 *ct;

		if (turned)
			lb_ct_key4_turned(&key, &pass->to, hook);
		else
			lb_ct_key4_of(&key, &pass->pkt.tuple, hook);
		ct = bpf_map_lookup_elem(&lb_conntrack4, &key);
		if (!ct)
			return NULL;
		lb_pin(ct);
		if (unlikely(!lb_ct_sealed4(&key, ct)))
			return NULL;
		if (turned)
			*ours = lb_ct4_turned(ct, &pass->pkt.tuple);
		return &ct->state;
	} else {
		struct lb_ct_key6 key;
		struct lb_ct6 *ct;

		if (turned)
			lb_ct_key6_turned(&key, &pass->to, hook);
		else
			lb_ct_key6_of(&key, &pass->pkt.tuple, hook);
		ct = bpf_map_lookup_elem(&lb_conntrack6, &key);
		if (!ct)
			return NULL;
		lb_pin(ct);
		if (unlikely(!lb_ct_sealed6(&key, ct)))
			return NULL;
		if (turned)
			*ours = lb_ct6_turned(ct, &pass->pkt.tuple);
		return &ct->state;
	}
}

/*
 * 0, -EEXIST or another error. Before 6.4 the verifier calls the map's own function in the helper's
 * place, which returns an int: of the register only the lower half counts. A long would not equal
 * -EEXIST there.
 */
lb_inline int lb_ct_insert(void *map, const void *key, const void *ct)
{
	return bpf_map_update_elem(map, key, ct, BPF_NOEXIST);
}

/* Writes the entry of the packet as the pass has it. */
lb_once long lb_ct_put(const struct lb_pass *pass)
{
	long rc;

	if (!pass)
		return -EINVAL;
	if (pass->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;
		struct lb_ct4 ct;

		lb_ct_key4_of(&key, &pass->pkt.tuple, pass->hook);
		ct.src = pass->to.src[3];
		ct.dst = pass->to.dst[3];
		ct.sport = pass->to.sport;
		ct.dport = pass->to.dport;
		ct.state = pass->ct;
		lb_touch(key);
		lb_touch(ct);
		lb_ct_seal(&ct.state, lb_ct_seal4(&key, ct.src, ct.dst, ct.sport, ct.dport));
		rc = lb_ct_insert(&lb_conntrack4, &key, &ct);
		lb_apart(4);
		return rc;
	} else {
		struct lb_ct_key6 key;
		struct lb_ct6 ct;

		lb_ct_key6_of(&key, &pass->pkt.tuple, pass->hook);
		lb_copy16(ct.src, pass->to.src);
		lb_copy16(ct.dst, pass->to.dst);
		ct.sport = pass->to.sport;
		ct.dport = pass->to.dport;
		ct.state = pass->ct;
		lb_touch(key);
		lb_touch(ct);
		lb_ct_seal(&ct.state, lb_ct_seal6(&key, ct.src, ct.dst, ct.sport, ct.dport));
		rc = lb_ct_insert(&lb_conntrack6, &key, &ct);
		lb_apart(6);
		return rc;
	}
}

/* The other entry's state, as it follows from this one's: what a request's route is only its next
 * packet finds out, and a reply leaves where the request came in. */
lb_inline void lb_ct_turn_state(const struct lb_pass *pass, struct lb_ct_state *state)
{
	*state = pass->ct;
	state->flags = (pass->ct.flags ^ LB_CT_REPLY) &
		       ~(LB_CT_FIN | LB_CT_RST | LB_CT_UNACKED | LB_CT_STACK | LB_CT_DIRECT);
	state->mtu = 0;
	state->oif = 0;
	if (state->flags & LB_CT_REPLY) {
		state->oif = pass->ifindex;
	} else {
		/* Its own next packet shall look for its route. */
		state->tick = pass->ct.tick - 1;
		if (!(state->flags & LB_CT_SNAT))
			state->flags |= LB_CT_STACK;
	}
}

/* Writes the other entry of the flow. */
lb_once long lb_ct_put_other(const struct lb_pass *pass)
{
	__u8 hook;
	long rc;

	if (!pass)
		return -EINVAL;
	hook = lb_ct_other(pass->ct.flags, pass->hook);
	if (pass->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;
		struct lb_ct4 ct;

		lb_ct_key4_turned(&key, &pass->to, hook);
		ct.src = pass->pkt.tuple.dst[3];
		ct.dst = pass->pkt.tuple.src[3];
		ct.sport = pass->pkt.tuple.dport;
		ct.dport = pass->pkt.tuple.sport;
		lb_ct_turn_state(pass, &ct.state);
		lb_touch(key);
		lb_touch(ct);
		lb_ct_seal(&ct.state, lb_ct_seal4(&key, ct.src, ct.dst, ct.sport, ct.dport));
		rc = lb_ct_insert(&lb_conntrack4, &key, &ct);
		lb_apart(4);
		return rc;
	} else {
		struct lb_ct_key6 key;
		struct lb_ct6 ct;

		lb_ct_key6_turned(&key, &pass->to, hook);
		lb_copy16(ct.src, pass->pkt.tuple.dst);
		lb_copy16(ct.dst, pass->pkt.tuple.src);
		ct.sport = pass->pkt.tuple.dport;
		ct.dport = pass->pkt.tuple.sport;
		lb_ct_turn_state(pass, &ct.state);
		lb_touch(key);
		lb_touch(ct);
		lb_ct_seal(&ct.state, lb_ct_seal6(&key, ct.src, ct.dst, ct.sport, ct.dport));
		rc = lb_ct_insert(&lb_conntrack6, &key, &ct);
		lb_apart(6);
		return rc;
	}
}

/* Deletes the entry of the packet, or (`turned`) the flow's other one. */
lb_once int lb_ct_delete(const struct lb_pass *pass, bool turned)
{
	__u8 hook;

	if (!pass)
		return -EINVAL;
	hook = turned ? lb_ct_other(pass->ct.flags, pass->hook) : pass->hook;
	if (pass->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;

		if (turned)
			lb_ct_key4_turned(&key, &pass->to, hook);
		else
			lb_ct_key4_of(&key, &pass->pkt.tuple, hook);
		bpf_map_delete_elem(&lb_conntrack4, &key);
		lb_apart(4);
	} else {
		struct lb_ct_key6 key;

		if (turned)
			lb_ct_key6_turned(&key, &pass->to, hook);
		else
			lb_ct_key6_of(&key, &pass->pkt.tuple, hook);
		bpf_map_delete_elem(&lb_conntrack6, &key);
		lb_apart(6);
	}
	return 0;
}

#endif
