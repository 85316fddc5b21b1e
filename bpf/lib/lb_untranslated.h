/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Datagram sockets that were connected to a frontend before it was one: no hook is called when they
 * send, so what they send is not translated. */
#ifndef LB_UNTRANSLATED_H
#define LB_UNTRANSLATED_H

#include "lb_frontend.h"
#include "lb_select.h"
#include "lb_sock.h"
#include "lb_stale.h"

/* Whether connect() would take the client's address from the namespace: it is known there. */
lb_inline bool lb_untranslated_known(__u64 netns, bool v4)
{
	const struct lb_netns *known = bpf_map_lookup_elem(&lb_netns, &netns);

	if (!known)
		return false;
	if (v4)
		return known->addr4;
	return known->addr6[0] | known->addr6[1] | known->addr6[2] | known->addr6[3];
}

/*
 * True: the socket is connected to a frontend (which becomes `peer`), not by us, and connect()
 * would give it a backend now. What connect() would leave alone is never meant, or the socket would
 * be ended again and again.
 */
lb_inline bool lb_untranslated(const struct lb_sock *mem, const struct sock_common *sk,
			       struct lb_addr *peer)
{
	const struct lb_settings *set = lb_settings_get();
	__u64 netns = sk->skc_net.net->net_cookie;
	struct lb_service svc = {};
	enum lb_source source;
	struct lb_addr key;
	bool v4;

	if (!set || sk->skc_state != BPF_TCP_ESTABLISHED || !lb_stale_peer(sk, IPPROTO_UDP, peer))
		return false;
	if (mem) {
		lb_pin(mem);
		if (mem->kind == LB_SOCK_CONNECTED && lb_addr_same(&mem->backend, peer))
			return false;
	}
	v4 = lb_addr_is4(peer);
	if (!lb_sock_source(set, netns, v4, &source))
		return false;
	if (lb_frontend_find(peer, set, lb_sock_flags(set, netns), &key, &svc) != LB_LOOKUP_FOUND)
		return false;
	if (svc.flags & LB_SERVICE_RANGES && !lb_untranslated_known(netns, v4))
		return false;
	return lb_select_local(&svc, source) ? svc.local.count : svc.cluster.count;
}

#endif
