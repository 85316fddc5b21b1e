/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Candidates for the layout of the maps, one program each, timed by BPF_PROG_TEST_RUN
 * (docs/decisions/0002). */
#include "lb_kernel.h"

/* How many keys each map holds; the bench sets it and fills the maps with keys 0..N-1 in their
 * first word. */
const volatile __u32 bench_keys = 1;
/* Added to every key: 0 to hit, bench_keys to miss. */
const volatile __u32 bench_offset = 0;

struct key8 {
	__u32 word[2];
};
struct key16 {
	__u32 word[4];
};
struct key20 {
	__u32 word[5];
};
struct key24 {
	__u32 word[6];
};
struct lpm_key {
	__u32 prefixlen;
	__u32 word[2];
};
struct value {
	__u32 word[8];
};

#define BENCH_MAP(name, map_type, key_type, value_type, map_flags_)                                \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
		__uint(max_entries, 131072);                                                       \
		__uint(map_flags, map_flags_);                                                     \
	} name SEC(".maps")

BENCH_MAP(m_hash8, BPF_MAP_TYPE_HASH, struct key8, struct value, 0);
BENCH_MAP(m_hash20, BPF_MAP_TYPE_HASH, struct key20, struct value, 0);
BENCH_MAP(m_index8, BPF_MAP_TYPE_HASH, struct key8, __u32, 0);
BENCH_MAP(m_lpm, BPF_MAP_TYPE_LPM_TRIE, struct lpm_key, struct value, BPF_F_NO_PREALLOC);
BENCH_MAP(m_array, BPF_MAP_TYPE_ARRAY, __u32, struct value, 0);
BENCH_MAP(m_slots, BPF_MAP_TYPE_ARRAY, __u32, __u64, 0);
BENCH_MAP(m_hash4, BPF_MAP_TYPE_HASH, __u32, struct value, 0);
BENCH_MAP(m_lru16, BPF_MAP_TYPE_LRU_HASH, struct key16, __u64, 0);
BENCH_MAP(m_lru24, BPF_MAP_TYPE_LRU_HASH, struct key24, __u64, 0);

/* Spreads over the keys at random, as traffic does; every program pays for it, b_empty shows what.
 */
lb_inline __u32 draw(void)
{
	return (__u32)(((__u64)bpf_get_prandom_u32() * bench_keys) >> 32) + bench_offset;
}

#define BENCH(name, body)                                                                          \
	SEC("tc") int name(struct __sk_buff *skb)                                                  \
	{                                                                                          \
		__u32 k = draw();                                                                  \
		body return 0;                                                                     \
	}

/* One lookup by a key whose first word is drawn; what is found is used, so that the line is
 * fetched. */
#define LOOKUP(map, key_type, ...)                                                                 \
	key_type key = {__VA_ARGS__};                                                              \
	__u32 *found = bpf_map_lookup_elem(&map, &key);                                            \
	if (found)                                                                                 \
		return *found;

BENCH(b_empty, return k;)
BENCH(b_hash8, LOOKUP(m_hash8, struct key8, .word = {k}))
BENCH(b_hash20, LOOKUP(m_hash20, struct key20, .word = {k}))
BENCH(b_lpm, LOOKUP(m_lpm, struct lpm_key, .prefixlen = 64, .word = {k}))
BENCH(b_array, LOOKUP(m_array, __u32, k))
BENCH(b_hash4, LOOKUP(m_hash4, __u32, k))
BENCH(b_lru16, LOOKUP(m_lru16, struct key16, .word = {k}))
BENCH(b_lru24, LOOKUP(m_lru24, struct key24, .word = {k}))

/* Service behind an index: shared by its frontends, at the price of one array more. */
BENCH(b_index8, {
	struct key8 key = {.word = {k}};
	__u32 *index = bpf_map_lookup_elem(&m_index8, &key);
	__u32 *found = index ? bpf_map_lookup_elem(&m_array, index) : NULL;

	if (found)
		return *found;
})

/* The whole way of a new connection: service, slot, backend in arrays. */
BENCH(b_path_arrays, {
	struct key8 key = {.word = {k}};
	__u32 *svc = bpf_map_lookup_elem(&m_hash8, &key);
	__u32 *slot;
	__u32 *backend;

	if (!svc)
		return 0;
	slot = bpf_map_lookup_elem(&m_slots, &svc[0]);
	if (!slot)
		return 0;
	backend = bpf_map_lookup_elem(&m_array, slot);
	return backend ? *backend : 0;
})

/* The same with slots and backends in hashes, as the well-known peers do it. */
BENCH(b_path_hashes, {
	struct key8 key = {.word = {k}};
	__u32 *svc = bpf_map_lookup_elem(&m_hash8, &key);
	__u32 *slot;
	__u32 *backend;

	if (!svc)
		return 0;
	key.word[1] = 1;
	slot = bpf_map_lookup_elem(&m_hash8, &key);
	if (!slot)
		slot = svc;
	backend = bpf_map_lookup_elem(&m_hash4, slot);
	return backend ? *backend : 0;
})

char LICENSE[] SEC("license") = "Dual BSD/GPL";
