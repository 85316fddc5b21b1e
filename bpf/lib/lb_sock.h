/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a socket remembers: the frontend it asked for and the backend it got. */
#ifndef LB_SOCK_H
#define LB_SOCK_H

#include "lb_select.h"
#include "lb_settings.h"

/* Loopback NodePorts are the node's own: 127.0.0.1 of a pod is the pod. */
lb_inline __u32 lb_sock_flags(const struct lb_settings *set, __u64 netns)
{
	return netns == set->host_netns ? set->flags
					: set->flags & ~(LB_SET_LOOPBACK4 | LB_SET_LOOPBACK6);
}

/* What kind of source the sockets of a namespace are; false: they are a pod's, and pods are left to
 * others (LB_SET_HOST_SOCKETS). */
lb_inline bool lb_sock_source(const struct lb_settings *set, __u64 netns, bool v4,
			      enum lb_source *source)
{
	bool pods =
		set->flags & LB_SET_PODS_DEVICE || set->flags & (v4 ? LB_SET_PODS4 : LB_SET_PODS6);

	if (netns == set->host_netns)
		*source = LB_FROM_NODE;
	else if (set->flags & LB_SET_HOST_SOCKETS)
		return false;
	else
		*source = pods ? LB_FROM_POD : LB_FROM_OUTSIDE;
	return true;
}

lb_inline void lb_sock_fill(struct lb_sock *mem, const struct lb_addr *frontend,
			    const struct lb_pick *pick, enum lb_sock_kind kind)
{
	mem->frontend = *frontend;
	__builtin_memcpy(mem->backend.addr, pick->backend->addr, sizeof(mem->backend.addr));
	mem->backend.port = pick->backend->port;
	mem->backend.proto = frontend->proto;
	mem->backend.pad = 0;
	mem->backend_id = pick->backend_id;
	mem->service_id = pick->service_id;
	mem->kind = kind;
}

/* A connection ended: by close(), or because the socket connects anew. */
lb_inline void lb_sock_closed(const struct lb_sock *mem)
{
	struct lb_svc_stat *stat;

	if (mem->kind != LB_SOCK_CONNECTED)
		return;
	stat = lb_svc_stat(mem->service_id);
	if (stat)
		stat->closed++;
}

/* 32 well-spread bits of a socket and a destination: the finalizer of MurmurHash3. */
lb_inline __u32 lb_mix(__u64 cookie, __u32 dst)
{
	__u64 x = cookie ^ ((__u64)dst << 32);

	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return (x ^ (x >> 33)) >> 16;
}

/* Keeps a pair whose answers may still come in lb_udp_peer. */
lb_inline void lb_sock_push(const struct lb_sock *pair, __u64 cookie)
{
	struct lb_peer key = {.cookie = cookie, .backend = pair->backend};
	const struct lb_addr *known = bpf_map_lookup_elem(&lb_udp_peer, &key);

	/* A lookup is a tenth of an insertion, and sockets that alternate between services come
	 * here on every datagram. */
	if (!known || !lb_addr_same(known, &pair->frontend))
		bpf_map_update_elem(&lb_udp_peer, &key, &pair->frontend, BPF_ANY);
}

/* A datagram went elsewhere than the last one. What connect() made stays: getpeername() asks for
 * it. */
lb_inline void lb_sock_switch(struct lb_sock *mem, __u64 cookie, const struct lb_addr *frontend,
			      const struct lb_pick *pick)
{
	struct lb_sock other;

	mem->many = 1;
	if (mem->kind == LB_SOCK_CONNECTED) {
		lb_sock_fill(&other, frontend, pick, LB_SOCK_DATAGRAM);
		lb_sock_push(&other, cookie);
		return;
	}
	lb_sock_push(mem, cookie);
	lb_sock_fill(mem, frontend, pick, LB_SOCK_DATAGRAM);
}

/* The frontend behind an address that the socket got an answer from; false: it is no backend of
 * this socket's. */
lb_inline bool lb_sock_reverse(const struct lb_sock *mem, __u64 cookie, struct lb_addr *addr)
{
	struct lb_peer key = {.cookie = cookie};
	const struct lb_addr *frontend = &mem->frontend;

	if (!lb_addr_same(&mem->backend, addr)) {
		if (!mem->many)
			return false;
		key.backend = *addr;
		frontend = bpf_map_lookup_elem(&lb_udp_peer, &key);
		if (!frontend)
			return false;
	}
	*addr = *frontend;
	return true;
}

#endif
