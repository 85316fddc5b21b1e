/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Ways for a socket to remember its frontend, each a whole connect hook with one lookup and a
 * rewrite (docs/decisions/0001). */
#include "lb_addr.h"

struct memory {
	struct lb_addr frontend;
	struct lb_addr backend;
	__u32 ids[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct lb_addr);
	__uint(max_entries, 16384);
} m_services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__type(key, int);
	__type(value, struct memory);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} m_storage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, struct memory);
	__uint(max_entries, 65536);
} m_lru SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct memory);
	__uint(max_entries, 65536);
} m_hash SEC(".maps");

lb_inline const struct lb_addr *find(struct bpf_sock_addr *ctx)
{
	__u64 key = ((__u64)ctx->user_ip4 << 32) | ctx->user_port;

	return bpf_map_lookup_elem(&m_services, &key);
}

lb_inline void fill(struct memory *mem, struct bpf_sock_addr *ctx, const struct lb_addr *backend)
{
	__builtin_memset(mem, 0, sizeof(*mem));
	lb_addr_set4(&mem->frontend, ctx->user_ip4, (__be16)ctx->user_port, ctx->protocol);
	mem->backend = *backend;
}

lb_inline int rewrite(struct bpf_sock_addr *ctx, const struct lb_addr *backend)
{
	ctx->user_ip4 = backend->addr[3];
	ctx->user_port = backend->port;
	return LB_SOCK_ALLOW;
}

SEC("cgroup/connect4")
int memory_empty(struct bpf_sock_addr *ctx)
{
	return LB_SOCK_ALLOW;
}

SEC("cgroup/connect4")
int memory_none(struct bpf_sock_addr *ctx)
{
	const struct lb_addr *backend = find(ctx);

	return backend ? rewrite(ctx, backend) : LB_SOCK_ALLOW;
}

SEC("cgroup/connect4")
int memory_storage(struct bpf_sock_addr *ctx)
{
	const struct lb_addr *backend = find(ctx);
	struct memory *mem;

	if (!backend)
		return LB_SOCK_ALLOW;
	mem = bpf_sk_storage_get(&m_storage, ctx->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (mem)
		fill(mem, ctx, backend);
	return rewrite(ctx, backend);
}

SEC("cgroup/connect4")
int memory_lru(struct bpf_sock_addr *ctx)
{
	const struct lb_addr *backend = find(ctx);
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct memory mem;

	if (!backend)
		return LB_SOCK_ALLOW;
	fill(&mem, ctx, backend);
	bpf_map_update_elem(&m_lru, &cookie, &mem, BPF_ANY);
	return rewrite(ctx, backend);
}

/* With the release hook that must give the entry back. */
SEC("cgroup/connect4")
int memory_hash(struct bpf_sock_addr *ctx)
{
	const struct lb_addr *backend = find(ctx);
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct memory mem;

	if (!backend)
		return LB_SOCK_ALLOW;
	fill(&mem, ctx, backend);
	bpf_map_update_elem(&m_hash, &cookie, &mem, BPF_ANY);
	return rewrite(ctx, backend);
}

SEC("cgroup/sock_release")
int memory_release(struct bpf_sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie(sk);

	bpf_map_delete_elem(&m_hash, &cookie);
	return LB_SOCK_ALLOW;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
