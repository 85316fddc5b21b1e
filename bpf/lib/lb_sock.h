/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a socket remembers: the frontend it asked for and the backend it got. */
#ifndef LB_SOCK_H
#define LB_SOCK_H

#include "lb_hash.h"
#include "lb_load.h"
#include "lb_select.h"
#include "lb_settings.h"
#include "lb_tick.h"

/* How long the memory of an unconnected UDP socket holds without a datagram of the pair: 180 s, as
 * nf_conntrack's of a stream. */
#define LB_SOCK_UDP_TICKS 168

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

lb_inline __u32 lb_stamp_now(void)
{
	return LB_STAMP_KNOWN | lb_tick_now();
}

/* A stamp that is not known is that of a program before this one: then it counts as of now. */
lb_inline bool lb_stamp_old(__u32 stamp)
{
	return stamp & LB_STAMP_KNOWN && lb_stamp_now() - stamp >= LB_SOCK_UDP_TICKS;
}

/* Whether the pair in the memory is over: what a connect() made lasts as long as the socket. */
lb_inline bool lb_sock_old(const struct lb_sock *mem)
{
	return mem->kind == LB_SOCK_DATAGRAM && lb_stamp_old(mem->service_id);
}

/* A datagram of the pair, either way. */
lb_inline void lb_sock_touch(struct lb_sock *mem)
{
	__u32 now = lb_stamp_now();

	if (mem->kind == LB_SOCK_DATAGRAM && mem->service_id != now)
		mem->service_id = now;
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
	mem->service_id = kind == LB_SOCK_DATAGRAM ? lb_stamp_now() : pick->service_id;
	mem->kind = kind;
}

/* A connection ended: by close(), or because the socket connects anew. */
lb_inline void lb_sock_closed(const struct lb_sock *mem)
{
	if (mem->kind == LB_SOCK_CONNECTED)
		lb_ended(mem->service_id, mem->backend_id, lb_addr_fold(mem->backend.addr),
			 mem->backend.port);
}

/* Keeps a pair whose answers may still come in lb_udp_peer. */
lb_inline void lb_sock_push(const struct lb_sock *pair, __u64 cookie)
{
	struct lb_peer key = {.cookie = cookie, .backend = pair->backend};
	struct lb_peer_asked *known = bpf_map_lookup_elem(&lb_udp_peer, &key);
	struct lb_peer_asked asked;

	/* A lookup is a tenth of an insertion, and sockets that alternate between services come
	 * here on every datagram. */
	if (known && lb_addr_same(&known->frontend, &pair->frontend)) {
		known->stamp = pair->service_id;
		return;
	}
	asked.frontend = pair->frontend;
	asked.stamp = pair->service_id;
	bpf_map_update_elem(&lb_udp_peer, &key, &asked, BPF_ANY);
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
 * this socket's, or is not one any more. */
lb_inline bool lb_sock_reverse(struct lb_sock *mem, __u64 cookie, struct lb_addr *addr)
{
	struct lb_peer key = {.cookie = cookie};
	struct lb_peer_asked *asked;

	if (lb_addr_same(&mem->backend, addr)) {
		if (lb_sock_old(mem))
			return false;
		lb_sock_touch(mem);
		*addr = mem->frontend;
		return true;
	}
	if (!mem->many)
		return false;
	key.backend = *addr;
	asked = bpf_map_lookup_elem(&lb_udp_peer, &key);
	if (!asked || lb_stamp_old(asked->stamp))
		return false;
	asked->stamp = lb_stamp_now();
	*addr = asked->frontend;
	return true;
}

#endif
