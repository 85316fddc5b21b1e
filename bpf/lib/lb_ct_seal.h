/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A deleted element of a hash may be reused at once, under the eyes of a reader who has just found
 * it. So a conntrack entry carries a seal: 16 bits made of its key and of what its packets become.
 * The reader computes it from his own copy; one that is another's, or of parts, does not fit. It
 * stands above the two ids, which leaves an entry of IPv4 at half a cache line. Entries of older
 * versions have none (0), and are taken as they are.
 */
#ifndef LB_CT_SEAL_H
#define LB_CT_SEAL_H

#include "lb_packet.h"

#define LB_CT_ID ((1U << LB_CT_ID_BITS) - 1)

lb_inline __u64 lb_ct_mix(__u64 hash, __u32 a, __u32 b)
{
	hash = (hash ^ ((__u64)a << 32 | b)) * 0x9E3779B97F4A7C15ULL;
	/* One step after the other: the stack is too short to read all words first. */
	lb_pin(hash);
	return hash;
}

lb_inline __u32 lb_ct_ports(__be16 sport, __be16 dport)
{
	return (__u32)sport << 16 | dport;
}

lb_inline __u16 lb_ct_seal_of(__u64 hash)
{
	__u16 seal = hash >> 48;

	return seal ? seal : 1;
}

/* `src` to `dport`: the value's. */
lb_inline __u16 lb_ct_seal4(const struct lb_ct_key4 *key, __be32 src, __be32 dst, __be16 sport,
			    __be16 dport)
{
	__u64 hash = (__u32)key->proto << 8 | key->hook;

	hash = lb_ct_mix(hash, key->src, key->dst);
	hash = lb_ct_mix(hash, src, dst);
	return lb_ct_seal_of(
		lb_ct_mix(hash, lb_ct_ports(key->sport, key->dport), lb_ct_ports(sport, dport)));
}

lb_inline __u64 lb_ct_mix16(__u64 hash, const __be32 *addr)
{
	return lb_ct_mix(lb_ct_mix(hash, addr[0], addr[1]), addr[2], addr[3]);
}

lb_inline __u16 lb_ct_seal6(const struct lb_ct_key6 *key, const __be32 *src, const __be32 *dst,
			    __be16 sport, __be16 dport)
{
	__u64 hash = (__u32)key->proto << 8 | key->hook;

	hash = lb_ct_mix16(lb_ct_mix16(hash, key->src), key->dst);
	hash = lb_ct_mix16(lb_ct_mix16(hash, src), dst);
	return lb_ct_seal_of(
		lb_ct_mix(hash, lb_ct_ports(key->sport, key->dport), lb_ct_ports(sport, dport)));
}

lb_inline void lb_ct_seal(struct lb_ct_state *state, __u16 seal)
{
	state->service_id = (state->service_id & LB_CT_ID) | (__u32)seal << LB_CT_ID_BITS;
	state->backend_id = (state->backend_id & LB_CT_ID) | (__u32)seal >> 8 << LB_CT_ID_BITS;
}

/* Whether the state has that seal. */
lb_inline bool lb_ct_sealed(const struct lb_ct_state *state, __u16 seal)
{
	__u32 found = state->service_id >> LB_CT_ID_BITS | state->backend_id >> LB_CT_ID_BITS << 8;

	return likely(found == seal) || !found;
}

lb_inline bool lb_ct_sealed4(const struct lb_ct_key4 *key, const struct lb_ct4 *ct)
{
	return lb_ct_sealed(&ct->state, lb_ct_seal4(key, ct->src, ct->dst, ct->sport, ct->dport));
}

lb_inline bool lb_ct_sealed6(const struct lb_ct_key6 *key, const struct lb_ct6 *ct)
{
	return lb_ct_sealed(&ct->state, lb_ct_seal6(key, ct->src, ct->dst, ct->sport, ct->dport));
}

/* The same of a copy, which has the ids alone then. */
lb_inline bool lb_ct_unseal(struct lb_ct_state *copy, __u16 seal)
{
	bool sealed = lb_ct_sealed(copy, seal);

	copy->service_id &= LB_CT_ID;
	copy->backend_id &= LB_CT_ID;
	return sealed;
}

#endif
