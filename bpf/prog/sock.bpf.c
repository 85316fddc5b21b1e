/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Socket hooks: connect, sendmsg, recvmsg, getpeername for both families, and the release of a
 * socket. */
#include "hook_sock.h"
#include "hook_sock_trace.h"
#include "lb_sock.h"
#include "lb_unknown.h"

lb_inline enum lb_lookup find(struct bpf_sock_addr *ctx, const struct lb_settings *set,
			      const struct lb_addr *dst, struct lb_addr *key,
			      struct lb_service *svc)
{
	__u32 flags = set->flags;

	if (unlikely(flags & (LB_SET_LOOPBACK4 | LB_SET_LOOPBACK6)) &&
	    unlikely(lb_node_port_range(set, dst->port)))
		flags = lb_sock_flags(set, bpf_get_netns_cookie(ctx));
	return lb_frontend_find(dst, set, flags, key, svc);
}

/* "connection refused" at once. */
lb_inline int refuse(__u32 service_id, enum lb_reason reason)
{
	struct lb_svc_stat *stat = lb_svc_stat(service_id);

	if (stat)
		stat->refused++;
	lb_count(reason);
	return deny(ECONNREFUSED);
}

/* "kworker/" (little endian): the name of each worker of the kernel begins so. A process that calls
 * itself so gets another error, and nothing else. */
#define WORKER 0x2f72656b726f776bULL

lb_inline bool is_worker(void)
{
	__u64 name[2] = {};

	return !bpf_get_current_comm(name, sizeof(name)) && name[0] == WORKER;
}

/*
 * What a dropped SYN ends in, without the wait. The kernel's own clients connect by workers: NFS
 * waits after an error that it knows, and tries again at once for ever after this one
 * (docs/decisions/0009).
 */
lb_inline int drop(enum lb_reason reason)
{
	lb_count(reason);
	return deny(is_worker() ? EHOSTUNREACH : ETIMEDOUT);
}

/*
 * No frontend, but perhaps an address of services: LB_SOCK_ALLOW, or why not. connect() of a
 * datagram socket is not asked, since it sends nothing and programs ask so for their own address;
 * what follows it goes by packet.
 */
lb_inline int unknown(struct bpf_sock_addr *ctx, const struct lb_settings *set,
		      const struct lb_addr *dst)
{
	__u32 service_id = 0;

	if (set->flags & LB_SET_HOST_SOCKETS && bpf_get_netns_cookie(ctx) != set->host_netns)
		return LB_SOCK_ALLOW;
	switch (lb_unknown(dst, &service_id)) {
	case LB_REFUSE:
		return refuse(service_id, LB_SOCK_UNKNOWN_PORT);
	case LB_DROP:
		return drop(LB_SOCK_UNALLOCATED);
	default:
		return LB_SOCK_ALLOW;
	}
}

/*
 * Not a frontend of ours. A connected datagram socket may connect again, now past us: what it
 * remembers must go, or getpeername() would show the old frontend where the new peer is its
 * backend. The others are not asked: that would double the price of a destination that is none of
 * our business (docs/decisions/0001).
 */
lb_inline int pass(struct bpf_sock_addr *ctx)
{
	struct lb_sock *mem;

	if (likely(!ctx->sk || ctx->sk->state != BPF_TCP_ESTABLISHED))
		return LB_SOCK_ALLOW;
	mem = bpf_sk_storage_get(&lb_sock, ctx->sk, NULL, 0);
	if (mem) {
		lb_sock_closed(mem);
		bpf_sk_storage_delete(&lb_sock, ctx->sk);
	}
	return LB_SOCK_ALLOW;
}

/*
 * What connect() made of the socket. An MPTCP socket connects by a subflow, which is a socket of
 * the kernel's own that getpeername() and close() are never told of: so it is the application's
 * that remembers and is counted. The subflow remembers too: by it stale connections are found.
 * False: there is no memory for it, so nobody would know when it ends, and it is not counted.
 */
lb_inline bool remember(struct bpf_sock_addr *ctx, const struct lb_addr *dst,
			const struct lb_pick *pick)
{
	struct lb_sock *mem, *whole;
	struct mptcp_sock *mptcp = NULL;

	mem = bpf_sk_storage_get(&lb_sock, ctx->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (unlikely(!mem)) {
		lb_count(LB_SOCK_NO_STORAGE);
		return false;
	}
	if (cfg_mptcp && dst->proto == IPPROTO_TCP)
		mptcp = bpf_skc_to_mptcp_sock(ctx->sk);
	if (likely(!mptcp)) {
		lb_sock_closed(mem);
		lb_sock_fill(mem, dst, pick, LB_SOCK_CONNECTED);
		return true;
	}
	lb_sock_fill(mem, dst, pick, LB_SOCK_CONNECTED);
	whole = bpf_sk_storage_get(&lb_sock, mptcp, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (unlikely(!whole)) {
		lb_count(LB_SOCK_NO_STORAGE);
		return false;
	}
	lb_sock_closed(whole);
	lb_sock_fill(whole, dst, pick, LB_SOCK_CONNECTED);
	return true;
}

/* Only Maglev asks for it. */
lb_inline __u64 connect_cookie(struct bpf_sock_addr *ctx, const struct lb_service *svc)
{
	return lb_scheduler_of(svc) == LB_SCHEDULER_MAGLEV ? bpf_get_socket_cookie(ctx) : 0;
}

lb_inline int do_connect(struct bpf_sock_addr *ctx, const struct lb_addr *dst, bool is4)
{
	const struct hook_sock hook = {.is4 = is4};
	const struct lb_settings *set = lb_settings_get();
	struct lb_client client;
	struct lb_service svc = {};
	struct lb_addr key;
	struct lb_pick pick;
	enum lb_verdict verdict;
	enum lb_lookup lookup;

	if (!set)
		return LB_SOCK_ALLOW;
	lookup = find(ctx, set, dst, &key, &svc);
	if (likely(lookup == LB_LOOKUP_NONE) && unlikely(lb_unknown_near(set, dst)) &&
	    dst->proto == IPPROTO_TCP && unknown(ctx, set, dst) != LB_SOCK_ALLOW)
		return LB_SOCK_DENY;
	if (likely(lookup == LB_LOOKUP_NONE) ||
	    !client_fill(ctx, hook, set, dst, lookup, &svc, &client))
		return pass(ctx);

	client.dice =
		client_dice(&svc, dst, &client, connect_cookie(ctx, &svc), bpf_get_prandom_u32());
	verdict = lb_select(dst, &key, lookup, &svc, &client, LB_ASKS_CONNECT, &pick);
	if (unlikely(verdict == LB_PASS))
		return pass(ctx);
	if (verdict == LB_REFUSE)
		return refuse(pick.service_id, LB_SOCK_REFUSED);
	if (verdict == LB_DROP)
		return drop(LB_SOCK_DROPPED);

	if (likely(remember(ctx, dst, &pick)))
		lb_begun(pick.service_id, pick.backend_id);
	lb_count(LB_SOCK_TRANSLATED);
	if (unlikely(lb_traced(pick.service_id)))
		trace_sent(ctx, hook, dst, &pick);
	ctx_store(ctx, pick.backend->addr, pick.backend->port, is4);
	return LB_SOCK_ALLOW;
}

/*
 * A datagram of an unconnected UDP socket (or with an explicit address on a connected one). The
 * socket stays with a backend while that is live, as a conntrack entry would keep it; which one it
 * draws depends on its cookie only, so that a socket that alternates between services keeps its
 * backends too.
 */
lb_inline int do_sendmsg(struct bpf_sock_addr *ctx, const struct lb_addr *dst, bool is4)
{
	const struct hook_sock hook = {.is4 = is4, .msg = true};
	const struct lb_settings *set = lb_settings_get();
	struct lb_client client;
	struct lb_svc_stat *stat;
	struct lb_service svc = {};
	struct lb_addr key;
	struct lb_pick pick;
	struct lb_sock *mem;
	enum lb_verdict verdict;
	enum lb_lookup lookup;
	__u64 cookie;

	if (!set)
		return LB_SOCK_ALLOW;
	lookup = find(ctx, set, dst, &key, &svc);
	if (likely(lookup == LB_LOOKUP_NONE) && unlikely(lb_unknown_near(set, dst)) &&
	    dst->proto == IPPROTO_UDP)
		return unknown(ctx, set, dst);
	if (likely(lookup == LB_LOOKUP_NONE) ||
	    !client_fill(ctx, hook, set, dst, lookup, &svc, &client))
		return LB_SOCK_ALLOW;

	cookie = bpf_get_socket_cookie(ctx);
	client.dice =
		client_dice(&svc, dst, &client, cookie, lb_mix(cookie, dst->addr[3] ^ dst->port));
	mem = bpf_sk_storage_get(&lb_sock, ctx->sk, NULL, 0);
	client.flow = mem && !lb_sock_old(mem) ? mem : NULL;
	verdict = lb_select(dst, &key, lookup, &svc, &client, LB_ASKS_SENDMSG, &pick);
	if (unlikely(verdict == LB_PASS))
		return LB_SOCK_ALLOW;
	if (verdict == LB_REFUSE)
		return refuse(pick.service_id, LB_SOCK_REFUSED);
	if (verdict == LB_DROP)
		return drop(LB_SOCK_DROPPED);

	if (!mem) {
		if (unlikely(lb_traced(pick.service_id)))
			trace_sent(ctx, hook, dst, &pick);
		mem = bpf_sk_storage_get(&lb_sock, ctx->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
		if (likely(mem))
			lb_sock_fill(mem, dst, &pick, LB_SOCK_DATAGRAM);
		else
			lb_count(LB_SOCK_NO_STORAGE);
	} else if (mem->backend_id != pick.backend_id || !lb_addr_same(&mem->frontend, dst) ||
		   mem->backend.port != pick.backend->port ||
		   !lb_same16(mem->backend.addr, pick.backend->addr)) {
		if (unlikely(lb_traced(pick.service_id)) && !trace_known(dst, pick.backend, cookie))
			trace_sent(ctx, hook, dst, &pick);
		/* An id may have come round to another backend. */
		lb_sock_switch(mem, cookie, dst, &pick);
	} else {
		lb_sock_touch(mem);
	}
	stat = lb_svc_stat(pick.service_id);
	if (stat)
		stat->datagrams++;
	lb_count(LB_UDP_TRANSLATED);
	ctx_store(ctx, pick.backend->addr, pick.backend->port, is4);
	return LB_SOCK_ALLOW;
}

/* The source of an answer becomes the frontend that was asked, where it is a backend's. */
lb_inline int do_recvmsg(struct bpf_sock_addr *ctx, struct lb_addr *src, bool is4)
{
	struct lb_sock *mem = bpf_sk_storage_get(&lb_sock, ctx->sk, NULL, 0);

	if (unlikely(mem) && lb_sock_reverse(mem, bpf_get_socket_cookie(ctx), src)) {
		lb_count(LB_UDP_REVERSED);
		ctx_store(ctx, src->addr, src->port, is4);
	}
	return LB_SOCK_ALLOW;
}

/* A connected socket's peer is the frontend it asked for. */
lb_inline int do_getpeername(struct bpf_sock_addr *ctx, const struct lb_addr *peer, bool is4)
{
	struct lb_sock *mem = bpf_sk_storage_get(&lb_sock, ctx->sk, NULL, 0);

	if (unlikely(mem) && mem->kind == LB_SOCK_CONNECTED && lb_addr_same(&mem->backend, peer))
		ctx_store(ctx, mem->frontend.addr, mem->frontend.port, is4);
	return LB_SOCK_ALLOW;
}

SEC("cgroup/connect4")
int lb_connect4(struct bpf_sock_addr *ctx)
{
	struct lb_addr dst;

	ctx_load4(ctx, &dst);
	return do_connect(ctx, &dst, true);
}

SEC("cgroup/connect6")
int lb_connect6(struct bpf_sock_addr *ctx)
{
	struct lb_addr dst;

	ctx_load6(ctx, &dst);
	return do_connect(ctx, &dst, false);
}

SEC("cgroup/sendmsg4")
int lb_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct lb_addr dst;

	ctx_load4(ctx, &dst);
	return do_sendmsg(ctx, &dst, true);
}

SEC("cgroup/sendmsg6")
int lb_sendmsg6(struct bpf_sock_addr *ctx)
{
	struct lb_addr dst;

	ctx_load6(ctx, &dst);
	return do_sendmsg(ctx, &dst, false);
}

SEC("cgroup/recvmsg4")
int lb_recvmsg4(struct bpf_sock_addr *ctx)
{
	struct lb_addr src;

	ctx_load4(ctx, &src);
	return do_recvmsg(ctx, &src, true);
}

SEC("cgroup/recvmsg6")
int lb_recvmsg6(struct bpf_sock_addr *ctx)
{
	struct lb_addr src;

	ctx_load6(ctx, &src);
	return do_recvmsg(ctx, &src, false);
}

SEC("cgroup/getpeername4")
int lb_getpeername4(struct bpf_sock_addr *ctx)
{
	struct lb_addr peer;

	ctx_load4(ctx, &peer);
	return do_getpeername(ctx, &peer, true);
}

SEC("cgroup/getpeername6")
int lb_getpeername6(struct bpf_sock_addr *ctx)
{
	struct lb_addr peer;

	ctx_load6(ctx, &peer);
	return do_getpeername(ctx, &peer, false);
}

SEC("cgroup/sock_release")
int lb_sock_release(struct bpf_sock *sk)
{
	struct lb_sock *mem = bpf_sk_storage_get(&lb_sock, sk, NULL, 0);

	if (unlikely(mem)) {
		lb_sock_closed(mem);
		if (mem->kind == LB_SOCK_CONNECTED && unlikely(lb_traced(mem->service_id)))
			trace_closed(sk, mem);
	}
	return LB_SOCK_ALLOW;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
