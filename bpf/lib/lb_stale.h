/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Connected sockets whose backend is gone: they would send to nobody, or to who has its address
 * now. */
#ifndef LB_STALE_H
#define LB_STALE_H

#include "lb_addr.h"
#include "lb_backend.h"
#include "lb_core.h"

#define LB_TCP_TIME_WAIT 6
#define LB_TCP_LISTEN	 10

/* The other end of a socket; false for families that are not ours. */
lb_inline bool lb_stale_peer(const struct sock_common *sk, __u8 proto, struct lb_addr *peer)
{
	if (sk->skc_family == AF_INET) {
		lb_addr_set4(peer, sk->skc_daddr, sk->skc_dport, proto);
		return true;
	}
	if (sk->skc_family != AF_INET6)
		return false;
	for (int i = 0; i < 4; i++)
		peer->addr[i] = sk->skc_v6_daddr.in6_u.u6_addr32[i];
	peer->port = sk->skc_dport;
	peer->proto = proto;
	peer->pad = 0;
	return true;
}

/*
 * True: what connect() made of the socket leads to a backend that its service port does not have
 * any more. Never for a socket that is not connected (it chooses anew with its next datagram), nor
 * for one that is connected to something else than what we gave it.
 */
lb_inline bool lb_stale(const struct lb_sock *mem, const struct sock_common *sk)
{
	const struct lb_backend *backend;
	__u8 state = sk->skc_state;
	struct lb_addr peer;

	if (mem->kind != LB_SOCK_CONNECTED || state == BPF_TCP_CLOSE || state == LB_TCP_LISTEN ||
	    state == LB_TCP_TIME_WAIT)
		return false;
	if (!lb_stale_peer(sk, mem->backend.proto, &peer) || !lb_addr_same(&peer, &mem->backend))
		return false;
	backend = lb_backend_recall(mem->backend_id, mem->service_id,
				    LB_BACKEND_IN_CLUSTER | LB_BACKEND_IN_LOCAL | LB_BACKEND_KEEPS);
	if (!backend || backend->port != peer.port)
		return true;
	return backend->addr[3] != peer.addr[3] || backend->addr[2] != peer.addr[2] ||
	       backend->addr[1] != peer.addr[1] || backend->addr[0] != peer.addr[0];
}

/* What the agent is told of it. */
lb_inline void lb_stale_fill(struct lb_stale_sock *to, const struct lb_sock *mem,
			     struct sock_common *sk, __u64 cookie)
{
	__builtin_memset(to, 0, sizeof(*to));
	to->cookie = cookie;
	to->netns = sk->skc_net.net->net_cookie;
	to->netns_inode = sk->skc_net.net->ns.inum;
	to->frontend = mem->frontend;
	to->backend = mem->backend;
	if (sk->skc_family == AF_INET) {
		to->source[2] = LB_MAPPED_PREFIX;
		to->source[3] = sk->skc_rcv_saddr;
	} else {
		for (int i = 0; i < 4; i++)
			to->source[i] = sk->skc_v6_rcv_saddr.in6_u.u6_addr32[i];
	}
	to->source_port = bpf_htons(sk->skc_num);
	to->family = sk->skc_family;
	to->device = sk->skc_bound_dev_if;
	to->service_id = mem->service_id;
	to->backend_id = mem->backend_id;
}

#endif
