/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Traces of what sockets ask for and get, with the process that asks. */
#ifndef HOOK_SOCK_TRACE_H
#define HOOK_SOCK_TRACE_H

#include "hook_sock.h"
#include "lb_trace.h"

/* The helpers came to these hooks with bpf_set_retval() (6.1). */
lb_inline void trace_process(struct lb_trace *trace)
{
	if (!cfg_set_retval)
		return;
	trace->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(trace->process, sizeof(trace->process));
}

/* What the socket is bound to, else what processes of its namespace connect from. */
lb_inline void trace_client(struct bpf_sock_addr *ctx, struct hook_sock hook,
			    struct lb_trace *trace, bool v4)
{
	__u64 netns = bpf_get_netns_cookie(ctx);
	const struct lb_netns *known;

	bound_source(ctx, hook, trace->client);
	trace->client_port = bpf_htons(ctx->sk->src_port);
	if (client_known(trace->client, v4))
		return;
	known = bpf_map_lookup_elem(&lb_netns, &netns);
	if (!known)
		return;
	if (v4) {
		trace->client[2] = LB_MAPPED_PREFIX;
		trace->client[3] = known->addr4;
	} else {
		lb_copy16(trace->client, known->addr6);
	}
}

/* The socket was sent to the backend. */
lb_inline int trace_write(struct bpf_sock_addr *ctx, struct hook_sock hook,
			  const struct lb_addr *dst, const struct lb_backend *backend, __u64 ids)
{
	struct lb_trace *trace = lb_trace_begin();

	if (!trace)
		return 0;
	trace->kind = hook.msg ? LB_TRACE_SENT : LB_TRACE_CONNECTED;
	trace->hook = LB_TRACE_AT_SOCKET;
	trace->cookie = bpf_get_socket_cookie(ctx);
	trace_client(ctx, hook, trace, lb_addr_is4(dst));
	lb_copy16(trace->frontend, dst->addr);
	trace->frontend_port = dst->port;
	lb_copy16(trace->backend, backend->addr);
	trace->backend_port = backend->port;
	trace->proto = dst->proto;
	trace->service_id = ids >> 32;
	trace->backend_id = ids;
	trace_process(trace);
	lb_trace_end(trace);
	return 0;
}

/* The same for each hook apart, as they read fields that others may not, and the stack is short. */
#define TRACE_HOOK(name, ...)                                                                      \
	static __noinline int name(struct bpf_sock_addr *ctx, const struct lb_addr *dst,           \
				   const struct lb_backend *backend, __u64 ids)                    \
	{                                                                                          \
		const struct hook_sock hook = {__VA_ARGS__};                                       \
                                                                                                   \
		return trace_write(ctx, hook, dst, backend, ids);                                  \
	}

TRACE_HOOK(trace_connect4, .is4 = true)
TRACE_HOOK(trace_connect6, .is4 = false)
TRACE_HOOK(trace_sendmsg4, .is4 = true, .msg = true)
TRACE_HOOK(trace_sendmsg6, .is4 = false, .msg = true)

/* The pick in parts: its address must not be taken, or it has to have all its parts always. */
lb_inline void trace_sent(struct bpf_sock_addr *ctx, struct hook_sock hook,
			  const struct lb_addr *dst, const struct lb_pick *pick)
{
	__u64 ids = (__u64)pick->service_id << 32 | pick->backend_id;

	if (hook.msg && hook.is4)
		trace_sendmsg4(ctx, dst, pick->backend, ids);
	else if (hook.msg)
		trace_sendmsg6(ctx, dst, pick->backend, ids);
	else if (hook.is4)
		trace_connect4(ctx, dst, pick->backend, ids);
	else
		trace_connect6(ctx, dst, pick->backend, ids);
}

/* Whether the socket has asked the pair before. Of those that it alternates between only the first
 * datagram is told. Before lb_sock_switch(). */
static __noinline int trace_known(const struct lb_addr *dst, const struct lb_backend *backend,
				  __u64 cookie)
{
	struct lb_peer key = {.cookie = cookie};
	const struct lb_peer_asked *known;

	lb_copy16(key.backend.addr, backend->addr);
	key.backend.port = backend->port;
	key.backend.proto = dst->proto;
	known = bpf_map_lookup_elem(&lb_udp_peer, &key);
	return known && lb_addr_same(&known->frontend, dst) && !lb_stamp_old(known->stamp);
}

/* What connect() made of the socket is over. After lb_traced(). Its own address cannot be read
 * here. */
static __noinline int trace_closed(struct bpf_sock *sk, const struct lb_sock *mem)
{
	struct lb_trace *trace = lb_trace_begin();

	if (!trace)
		return 0;
	trace->kind = LB_TRACE_CLOSED;
	trace->hook = LB_TRACE_AT_SOCKET;
	trace->cookie = bpf_get_socket_cookie(sk);
	lb_copy16(trace->frontend, mem->frontend.addr);
	trace->frontend_port = mem->frontend.port;
	lb_copy16(trace->backend, mem->backend.addr);
	trace->backend_port = mem->backend.port;
	trace->proto = mem->frontend.proto;
	trace->service_id = mem->service_id;
	trace->backend_id = mem->backend_id;
	trace_process(trace);
	lb_trace_end(trace);
	return 0;
}

#endif
