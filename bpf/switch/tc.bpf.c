/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Stand before the tc programs while those of another release, with other conntrack maps, give way
 * to ours. At first every packet goes on to the programs of before, then, from one write on, to
 * ours; so at no time do the two share the packets. A flow that only the maps of before know, or
 * know to be further, is brought into ours before its packet goes on: ours never meet a packet of a
 * flow that they do not know.
 */
#include "hook_tc.h"
#include "lb_ct_follow.h"
#include "lb_parse.h"
#include "lb_recast.h"

LB_RECAST_MAP(lb_was4);
LB_RECAST_MAP(lb_was6);
LB_SWITCH_TO(to_in);
LB_SWITCH_TO(to_out);
LB_SWITCH_TO(to_in_l3);
LB_SWITCH_TO(to_out_l3);

/* Whether there is a map of before for a family. */
const volatile __u8 cfg_was4 = 0;
const volatile __u8 cfg_was6 = 0;
/* For each byte of their key its place in ours, for each of our value its place in theirs. */
const volatile __u8 cfg_key4[LB_RECAST_KEY] = {};
const volatile __u8 cfg_key6[LB_RECAST_KEY] = {};
const volatile __u8 cfg_value4[sizeof(struct lb_ct4)] = {};
const volatile __u8 cfg_value6[sizeof(struct lb_ct6)] = {};

/* Ticks that a program of before that was interrupted may have been behind. */
#define BEHIND 1

/*
 * Both maps have the flow: ours gets as far as theirs. Never from half-open to ended, nor when ours
 * has had packets since: a flow that begins anew with the same addresses is ours alone, for as long
 * as the programs of before are remembered, which is for ever when nobody comes after an agent that
 * was killed. And one that ended while it was half-open here is over soon.
 */
lb_inline void catch_up(struct lb_ct_state *ours, const struct lb_ct_state *theirs, __u8 proto)
{
	/* Of UDP they are a number, and no marks. */
	const __u8 kept = proto == IPPROTO_UDP ? 0xff & ~LB_CT_AGE : 0xff;
	const __u8 marks = proto == IPPROTO_UDP ? LB_CT_AGE : LB_CT_FIN | LB_CT_RST;
	union lb_ct_word seen, next;

	if ((__s32)(ours->tick - theirs->tick) > BEHIND)
		return;
	if ((__s32)(theirs->tick - ours->tick) > 0)
		ours->tick = theirs->tick;
#pragma clang loop unroll(disable)
	for (int try = 0; try < LB_CT_STEP_TRIES; try++) {
		seen.word = READ_ONCE(*(__u32 *)&ours->mtu);
		next = seen;
		if (theirs->phase <= seen.phase ||
		    (theirs->phase >= LB_CT_CLOSED && seen.phase < LB_CT_OPEN))
			return;
		next.phase = theirs->phase;
		next.flags = (seen.flags & kept) | (theirs->flags & marks);
		if (__sync_val_compare_and_swap((__u32 *)&ours->mtu, seen.word, next.word) ==
		    seen.word)
			return;
	}
}

/*
 * What our map has there (`same`: with the same addresses) was brought along, and ended, and its
 * ports began anew while the programs of before had the packets: then theirs had a packet later.
 * What begins at ours has a later one than all that theirs knows.
 */
lb_inline bool replaces(const struct lb_ct_state *theirs, const struct lb_ct_state *ours, bool same)
{
	return (__s32)(theirs->tick - ours->tick) > BEHIND &&
	       (!same || (ours->phase >= LB_CT_CLOSED && theirs->phase < LB_CT_CLOSED));
}

/* The entry of the key, as the map of before has it, into ours and into `ct`. */
lb_inline bool take4(const struct lb_ct_key4 *key, struct lb_ct4 *ct)
{
	__u8 old[LB_RECAST_KEY] = {};
	struct lb_ct4 *ours;
	const __u8 *theirs;
	bool same;

	lb_recast(old, (const __u8 *)key, cfg_key4, sizeof(old));
	theirs = bpf_map_lookup_elem(&lb_was4, old);
	if (!theirs)
		return false;
	lb_recast((__u8 *)ct, theirs, cfg_value4, sizeof(*ct));
	if (!lb_ct_sealed4(key, ct))
		return false;
	ours = bpf_map_lookup_elem(&lb_conntrack4, key);
	if (!ours) {
		bpf_map_update_elem(&lb_conntrack4, key, ct, BPF_NOEXIST);
		return true;
	}
	same = ours->src == ct->src && ours->dst == ct->dst && ours->sport == ct->sport &&
	       ours->dport == ct->dport;
	if (replaces(&ct->state, &ours->state, same))
		bpf_map_update_elem(&lb_conntrack4, key, ct, BPF_ANY);
	else if (same)
		catch_up(&ours->state, &ct->state, key->proto);
	return true;
}

lb_inline bool take6(const struct lb_ct_key6 *key, struct lb_ct6 *ct)
{
	__u8 old[LB_RECAST_KEY] = {};
	struct lb_ct6 *ours;
	const __u8 *theirs;
	bool same;

	lb_recast(old, (const __u8 *)key, cfg_key6, sizeof(old));
	theirs = bpf_map_lookup_elem(&lb_was6, old);
	if (!theirs)
		return false;
	lb_recast((__u8 *)ct, theirs, cfg_value6, sizeof(*ct));
	if (!lb_ct_sealed6(key, ct))
		return false;
	ours = bpf_map_lookup_elem(&lb_conntrack6, key);
	if (!ours) {
		bpf_map_update_elem(&lb_conntrack6, key, ct, BPF_NOEXIST);
		return true;
	}
	same = lb_same16(ours->src, ct->src) && lb_same16(ours->dst, ct->dst) &&
	       ours->sport == ct->sport && ours->dport == ct->dport;
	if (replaces(&ct->state, &ours->state, same))
		bpf_map_update_elem(&lb_conntrack6, key, ct, BPF_ANY);
	else if (same)
		catch_up(&ours->state, &ct->state, key->proto);
	return true;
}

static __noinline int take_flow4(const struct lb_tuple *at, __u8 hook)
{
	struct lb_ct_key4 key, other = {};
	struct lb_ct4 ct;

	lb_ct_key4_of(&key, at, hook);
	if (!take4(&key, &ct))
		return false;
	other.src = ct.dst;
	other.dst = ct.src;
	other.sport = ct.dport;
	other.dport = ct.sport;
	other.proto = key.proto;
	other.hook = lb_ct_other(ct.state.flags, hook);
	return take4(&other, &ct);
}

static __noinline int take_flow6(const struct lb_tuple *at, __u8 hook)
{
	struct lb_ct_key6 key;
	struct lb_ct6 ct;

	lb_ct_key6_of(&key, at, hook);
	if (!take6(&key, &ct))
		return false;
	lb_copy16(key.src, ct.dst);
	lb_copy16(key.dst, ct.src);
	key.sport = ct.dport;
	key.dport = ct.sport;
	key.hook = lb_ct_other(ct.state.flags, hook);
	return take6(&key, &ct);
}

/* A later fragment has no ports: its flow came with the first one. */
static __noinline int take(struct __sk_buff *ctx, __u32 l3, __u8 hook)
{
	struct lb_packet pkt;

	if (lb_parse(ctx, l3, &pkt) != LB_PARSED || pkt.flags & LB_PACKET_FRAG_LATER)
		return false;
	if (pkt.tuple.family == 4)
		return cfg_was4 && take_flow4(&pkt.tuple, hook);
	return cfg_was6 && take_flow6(&pkt.tuple, hook);
}

/* A release without this hook has nothing to go on to: the packet passes, as it did. */
#define SWITCH(name, l3, hook)                                                                     \
	SEC("tc")                                                                                  \
	int sw_##name(struct __sk_buff *ctx)                                                       \
	{                                                                                          \
		take(ctx, l3, hook);                                                               \
		bpf_tail_call(ctx, &to_##name, lb_switched());                                     \
		return HOOK_PASS;                                                                  \
	}

SWITCH(in, ETH_HLEN, LB_CT_INGRESS)
SWITCH(out, ETH_HLEN, LB_CT_EGRESS)
SWITCH(in_l3, 0, LB_CT_INGRESS)
SWITCH(out_l3, 0, LB_CT_EGRESS)

/* What the agent asks for: the same for a flow whose packets do not come. */
struct sw_flow {
	struct lb_tuple at; /* a key of it */
	__u32 hook;	    /* enum lb_ct_hook */
};

SEC("syscall")
int sw_take(struct sw_flow *flow)
{
	struct lb_tuple at = flow->at;

	if (at.family == 4)
		return cfg_was4 && take_flow4(&at, flow->hook);
	return cfg_was6 && take_flow6(&at, flow->hook);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
