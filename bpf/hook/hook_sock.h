/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What socket hooks have in common: the address that the call names, who asks, what it fails with.
 */
#ifndef HOOK_SOCK_H
#define HOOK_SOCK_H

#include "lb_config.h"
#include "lb_frontend.h"
#include "lb_sock.h"

/*
 * The context is touched only here and in the programs. IPv6 sockets that name an IPv4 destination
 * (v4-mapped) take the IPv4 path, because lb_addr holds IPv4 in just that form.
 */
lb_inline void ctx_load4(struct bpf_sock_addr *ctx, struct lb_addr *addr)
{
	lb_addr_set4(addr, ctx->user_ip4, (__be16)ctx->user_port, ctx->protocol);
}

lb_inline void ctx_load6(struct bpf_sock_addr *ctx, struct lb_addr *addr)
{
	addr->addr[0] = ctx->user_ip6[0];
	addr->addr[1] = ctx->user_ip6[1];
	addr->addr[2] = ctx->user_ip6[2];
	addr->addr[3] = ctx->user_ip6[3];
	addr->port = (__be16)ctx->user_port;
	addr->proto = ctx->protocol; /* MPTCP is 262, in 8 bits: TCP */
	addr->pad = 0;
}

lb_inline void ctx_store(struct bpf_sock_addr *ctx, const __be32 *addr, __be16 port, bool is4)
{
	if (is4) {
		ctx->user_ip4 = addr[3];
	} else {
		ctx->user_ip6[0] = addr[0];
		ctx->user_ip6[1] = addr[1];
		ctx->user_ip6[2] = addr[2];
		ctx->user_ip6[3] = addr[3];
	}
	ctx->user_port = port;
}

/* What the call fails with: the kernel's own answer to a 0 from a program is EPERM. A kernel
 * without the helper never sees the call, because the verifier takes away what a constant rules
 * out. */
lb_inline int deny(int err)
{
	if (cfg_set_retval)
		bpf_set_retval(-err);
	return LB_SOCK_DENY;
}

/* Which hook this is. */
struct hook_sock {
	bool is4;
	bool msg; /* sendmsg, not connect */
};

/* What the socket is bound to, by bind(), an earlier connect() or IP_PKTINFO; all 0: nothing. */
lb_inline void bound_source(struct bpf_sock_addr *ctx, struct hook_sock hook, __be32 *addr)
{
	if (hook.is4) {
		addr[2] = LB_MAPPED_PREFIX;
		addr[3] = hook.msg ? ctx->msg_src_ip4 : ctx->sk->src_ip4;
	} else if (hook.msg) {
		addr[0] = ctx->msg_src_ip6[0];
		addr[1] = ctx->msg_src_ip6[1];
		addr[2] = ctx->msg_src_ip6[2];
		addr[3] = ctx->msg_src_ip6[3];
	} else {
		addr[0] = ctx->sk->src_ip6[0];
		addr[1] = ctx->sk->src_ip6[1];
		addr[2] = ctx->sk->src_ip6[2];
		addr[3] = ctx->sk->src_ip6[3];
	}
}

lb_inline bool client_known(const __be32 *addr, bool v4)
{
	return v4 ? addr[3] : addr[0] | addr[1] | addr[2] | addr[3];
}

/* Whether the address is one of the socket's namespace. Binding to any other needs no right
 * (IP_FREEBIND), and the kernel refuses it only after this hook: who believed it would remember
 * what nobody with that address asked for. */
lb_inline bool client_own(const struct lb_client *client, const struct lb_netns *known,
			  const __be32 *addr, bool v4)
{
	struct lb_addr at = {};

	if (known && (v4 ? addr[3] == known->addr4 : lb_same16(addr, known->addr6)))
		return true;
	if (client->source != LB_FROM_NODE)
		return false;
	if (v4)
		lb_addr_set4(&at, addr[3], 0, 0);
	else
		lb_copy16(at.addr, addr);
	return lb_node_addr_get(&at);
}

/*
 * The client becomes the address that its packets will show, so that it is the same one at tc: what
 * the socket is bound to, else what the agent knows of its namespace. Failing both, and for an
 * address that is not the namespace's, it is remembered as the namespace. Source ranges believe any
 * address, as a second one of a pod must count there. The kernel refuses an IPv4 source that is not
 * the socket's own after this hook, an IPv6 one (IPV6_FREEBIND) it may send.
 */
lb_inline void client_address(struct bpf_sock_addr *ctx, struct hook_sock hook, bool v4,
			      struct lb_client *client)
{
	const struct lb_netns *known = bpf_map_lookup_elem(&lb_netns, &client->netns);
	bool own;

	bound_source(ctx, hook, client->addr);
	if (client_known(client->addr, v4)) {
		client->located = true;
		own = client_own(client, known, client->addr, v4);
	} else {
		if (known && v4)
			client->addr[3] = known->addr4;
		else if (known)
			lb_copy16(client->addr, known->addr6);
		client->located = client_known(client->addr, v4);
		own = client->located;
	}
	if (v4) {
		client->addr[0] = 0;
		client->addr[1] = 0;
		client->addr[2] = LB_MAPPED_PREFIX;
	}
	if (likely(own)) {
		client->affinity.kind = LB_CLIENT_ADDR;
		lb_copy16(client->affinity.client, client->addr);
		return;
	}
	client->affinity.client[0] = (__u32)client->netns;
	client->affinity.client[1] = client->netns >> 32;
	client->affinity.kind = LB_CLIENT_NETNS;
	client->netns = 0;
}

/* False: the socket is a pod's, and pods are left to others (LB_SET_HOST_SOCKETS). */
lb_inline bool client_fill(struct bpf_sock_addr *ctx, struct hook_sock hook,
			   const struct lb_settings *set, const struct lb_addr *dst,
			   enum lb_lookup lookup, const struct lb_service *svc,
			   struct lb_client *client)
{
	bool v4 = lb_addr_is4(dst);

	__builtin_memset(client, 0, sizeof(*client));
	client->netns = bpf_get_netns_cookie(ctx);
	if (!lb_sock_source(set, client->netns, v4, &client->source))
		return false;
	/* Only who must be known is looked up. */
	if (unlikely(svc->flags & (LB_SERVICE_AFFINITY | LB_SERVICE_RANGES)) ||
	    unlikely(lb_scheduler_of(svc) == LB_SCHEDULER_SH) ||
	    unlikely(lookup != LB_LOOKUP_FOUND))
		client_address(ctx, hook, v4, client);
	return true;
}

/* What a new connection's place is drawn by; `other` where the scheduler goes by nothing of it. */
lb_inline __u32 client_dice(const struct lb_service *svc, const struct lb_addr *dst,
			    const struct lb_client *client, __u64 cookie, __u32 other)
{
	switch (lb_scheduler_of(svc)) {
	case LB_SCHEDULER_SH:
		return lb_hash16(client->affinity.client, 0);
	case LB_SCHEDULER_DH:
		return lb_hash16(dst->addr, 0);
	case LB_SCHEDULER_MAGLEV:
		/* connect() comes before the socket has a port. */
		return svc->flags & LB_SERVICE_AFFINITY ? lb_hash16(client->affinity.client, 0)
							: lb_mix(cookie, 0);
	default:
		return other;
	}
}

#endif
