/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Traces of the flows of packets. */
#ifndef LB_TRACE_FLOW_H
#define LB_TRACE_FLOW_H

#include "lb_backend.h"
#include "lb_trace.h"
#include "lb_tunnel.h"

/* The addresses as the flow's client begins it, whichever way the packet goes. */
lb_inline void lb_trace_ends(struct lb_trace *trace, const struct lb_pass *pass)
{
	const struct lb_tuple *in = &pass->pkt.tuple, *out = &pass->to;

	if (pass->ct.flags & LB_CT_REPLY) {
		lb_copy16(trace->client, out->dst);
		trace->client_port = out->dport;
		lb_copy16(trace->frontend, out->src);
		trace->frontend_port = out->sport;
		lb_copy16(trace->backend, in->src);
		trace->backend_port = in->sport;
		lb_copy16(trace->source, in->dst);
		trace->source_port = in->dport;
		return;
	}
	lb_copy16(trace->client, in->src);
	trace->client_port = in->sport;
	lb_copy16(trace->frontend, in->dst);
	trace->frontend_port = in->dport;
	lb_copy16(trace->backend, out->dst);
	trace->backend_port = out->dport;
	lb_copy16(trace->source, out->src);
	trace->source_port = out->sport;
}

/* Of a flow in a tunnel: the backend itself says where that ends. `to` may be the tunnel. */
lb_inline void lb_trace_tunnel(struct lb_trace *trace, const struct lb_pass *pass)
{
	const struct lb_backend *backend = lb_backend_get(pass->ct.backend_id);

	lb_copy16(trace->source, trace->client);
	trace->source_port = trace->client_port;
	if (!backend || READ_ONCE(backend->service_id) != pass->ct.service_id)
		return;
	lb_copy16(trace->backend, backend->addr);
	trace->backend_port = backend->port;
	lb_copy16(trace->node, backend->node);
	trace->flags = LB_TRACE_TO_NODE;
}

/* What has happened to the flow of the pass. After lb_traced(). */
lb_once int lb_trace_write(const struct lb_pass *pass, __u32 kind, __u32 hook)
{
	const struct lb_scratch *scratch;
	struct lb_trace *trace;

	if (!pass)
		return -EINVAL;
	trace = lb_trace_begin();
	if (!trace)
		return -ENOENT;
	trace->kind = kind;
	trace->hook = hook;
	trace->proto = pass->pkt.tuple.proto;
	trace->service_id = pass->ct.service_id;
	trace->backend_id = pass->ct.backend_id;
	trace->iif = pass->ifindex;
	trace->oif = pass->ct.oif;
	lb_trace_ends(trace, pass);
	if (lb_ct_tunnels(pass))
		lb_trace_tunnel(trace, pass);
	scratch = lb_scratch_get();
	if (lb_tunnelled(&pass->pkt) && scratch) {
		lb_copy16(trace->node, scratch->tunnel_from);
		trace->flags = LB_TRACE_FROM_NODE;
	}
	lb_trace_end(trace);
	return 0;
}

lb_inline void lb_trace_flow(const struct lb_pass *pass, enum lb_trace_kind kind,
			     enum lb_trace_hook hook)
{
	if (unlikely(lb_traced(pass->ct.service_id)))
		lb_trace_write(pass, kind, hook);
}

#endif
