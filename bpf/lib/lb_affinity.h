/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ClientIP session affinity: per client and service port, its time-out restarted by each new
 * connection. A socket's client is remembered at once, a packet's when it has shown that it is
 * there (lb_ct_shows_client()): sources of packets are anybody's to write.
 */
#ifndef LB_AFFINITY_H
#define LB_AFFINITY_H

#include "lb_backend.h"
#include "lb_config.h"
#include "lb_hash.h"

lb_inline const struct lb_backend *lb_affinity_recall(const struct lb_aff_key *key,
						      __u32 timeout_sec, enum lb_backend_flag list,
						      bool restart, __u32 *id)
{
	struct lb_aff *aff = bpf_map_lookup_elem(&lb_affinity, key);
	const struct lb_backend *backend;
	__u64 now;

	if (!aff)
		return NULL;
	now = bpf_ktime_get_coarse_ns();
	/* Signed: another CPU may have used it later than `now`. */
	if ((__s64)(now - aff->used_ns) >= (__s64)(timeout_sec * NSEC_PER_SEC))
		return NULL;
	*id = aff->backend_id;
	backend = lb_backend_recall(*id, key->service_id, list);
	if (backend && restart)
		aff->used_ns = now;
	return backend;
}

/* What a client got while only its namespace was known. */
lb_inline const struct lb_backend *lb_affinity_before(__u64 netns, const struct lb_service *svc,
						      enum lb_backend_flag list, __u32 *id)
{
	struct lb_aff_key key = {.client = {(__u32)netns, netns >> 32},
				 .service_id = svc->id,
				 .kind = LB_CLIENT_NETNS};

	return lb_affinity_recall(&key, svc->affinity_sec, list, true, id);
}

lb_inline __u32 lb_affinity_hash(const struct lb_aff_key *key, __u32 salt)
{
	__u64 high = (__u64)key->client[0] << 32 | key->client[1];
	__u64 low = (__u64)key->client[2] << 32 | key->client[3];

	return lb_mix(high * 0x9e3779b97f4a7c15ULL ^ low, key->service_id ^ salt);
}

/* The lot of a client that is not remembered yet: the same for all connections that it begins at
 * once, another one after its time-out. */
lb_inline __u32 lb_affinity_dice(const struct lb_aff_key *key, __u32 timeout_sec)
{
	__u64 period = timeout_sec * NSEC_PER_SEC;

	return lb_affinity_hash(key, period ? bpf_ktime_get_coarse_ns() / period : 0);
}

/* 0: the same, 1: not. Without a branch: the verifier would go on with each outcome of each. */
lb_inline __u32 lb_differ(__u32 a, __u32 b)
{
	__u32 x = a ^ b;

	lb_pin(x);
	x |= -x;
	lb_pin(x);
	return x >> 31;
}

/*
 * A seat for a client that is to be remembered. A service may fill what nobody uses, but once a row
 * is full it is the service with most seats in it that gives one, of equals the one that asks for
 * it, and there the client that connected longest ago goes. So whoever can make many clients of a
 * service makes only that service forget. Two CPUs may take the same seat: then one client has
 * none, and is forgotten when lb_affinity itself is full (docs/decisions/0016).
 */
lb_once int lb_affinity_seat(const struct lb_aff_key *key)
{
	__u32 index, most = 0, victim = 0, service_id;
	struct lb_aff_row *row;
	__u64 oldest = 0;

	if (!key || !cfg_affinity_rows)
		return -EINVAL;
	service_id = key->service_id;
	index = lb_affinity_hash(key, 0) % cfg_affinity_rows;
	row = bpf_map_lookup_elem(&lb_aff_rows, &index);
	if (!row)
		return -ENOENT;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < LB_AFF_SEATS; i++) {
		const struct lb_aff *aff = bpf_map_lookup_elem(&lb_affinity, &row->seats[i]);
		__u32 seats;

		if (!aff) {
			row->seats[i] = *key;
			return 0;
		}
		seats = 1 - lb_differ(row->seats[i].service_id, service_id);
#pragma clang loop unroll(disable)
		for (__u32 j = 0; j < LB_AFF_SEATS; j++)
			seats += 2 -
				 2 * lb_differ(row->seats[i].service_id, row->seats[j].service_id);
		if (seats > most || (seats == most && aff->used_ns < oldest)) {
			most = seats;
			oldest = aff->used_ns;
			victim = i;
		}
	}
	victim &= LB_AFF_SEATS - 1;
	bpf_map_delete_elem(&lb_affinity, &row->seats[victim]);
	row->seats[victim] = *key;
	return 0;
}

lb_inline void lb_affinity_remember(const struct lb_aff_key *key, __u32 backend_id)
{
	struct lb_aff aff = {.backend_id = backend_id, .used_ns = bpf_ktime_get_coarse_ns()};

	if (!bpf_map_lookup_elem(&lb_affinity, key))
		lb_affinity_seat(key);
	bpf_map_update_elem(&lb_affinity, key, &aff, BPF_ANY);
}

#endif
