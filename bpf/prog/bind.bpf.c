/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Socket hooks of bind(), for both families: NodePorts in use are not for the node's processes. */
#include "hook_sock.h"

/* True: NodePorts of the family answer on what the socket binds to. */
lb_inline bool bind_taken(const struct lb_settings *set, const struct lb_addr *addr, bool any)
{
	struct lb_service svc = {};
	struct lb_addr key;

	lb_node_port_key(&key, addr);
	if (lb_service_find(&key, &svc) == LB_LOOKUP_NONE)
		return false;
	return any || lb_node_port_on(addr, set->flags);
}

/*
 * A process of the node that binds to a NodePort in use would never hear of it: clients are
 * translated before they reach the socket. It is told at once (LB_SET_PROTECT_PORTS).
 */
lb_inline int do_bind(struct bpf_sock_addr *ctx, const struct lb_addr *addr, bool is4)
{
	const struct lb_settings *set = lb_settings_get();
	bool any = !addr->addr[3] && (is4 || (!addr->addr[0] && !addr->addr[1]));
	struct lb_addr any4;
	bool taken;

	if (!set || likely(!(set->flags & LB_SET_PROTECT_PORTS)) ||
	    !lb_node_port_range(set, addr->port) || bpf_get_netns_cookie(ctx) != set->host_netns)
		return LB_SOCK_ALLOW;
	taken = bind_taken(set, addr, any);
	if (!taken && !is4 && any) {
		/* [::] takes IPv4 too, unless the socket is for IPv6 only; which it is cannot be
		 * seen here, and a v4 NodePort is in the way only then. */
		lb_addr_set4(&any4, 0, addr->port, addr->proto);
		taken = bind_taken(set, &any4, true);
	}
	if (likely(!taken))
		return LB_SOCK_ALLOW;
	lb_count(LB_SOCK_BIND_REFUSED);
	return deny(EADDRINUSE);
}

SEC("cgroup/bind4")
int lb_bind4(struct bpf_sock_addr *ctx)
{
	struct lb_addr addr;

	ctx_load4(ctx, &addr);
	return do_bind(ctx, &addr, true);
}

SEC("cgroup/bind6")
int lb_bind6(struct bpf_sock_addr *ctx)
{
	struct lb_addr addr;

	ctx_load6(ctx, &addr);
	return do_bind(ctx, &addr, false);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
