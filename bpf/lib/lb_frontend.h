/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which frontend a destination is: an exact one, else a NodePort of this node. */
#ifndef LB_FRONTEND_H
#define LB_FRONTEND_H

#include "lb_service.h"
#include "lb_settings.h"

/* With what is only there as a broadcast. */
lb_inline const struct lb_node_addr *lb_node_addr_entry(const struct lb_addr *addr)
{
	const struct lb_node_addr *found;

	if (lb_addr_is4(addr)) {
		struct lb_ip4 key = {.addr = addr->addr[3]};

		found = bpf_map_lookup_elem(&lb_node_addrs4, &key);
		lb_apart(4);
		return found;
	} else {
		struct lb_ip6 key;

		__builtin_memcpy(key.addr, addr->addr, sizeof(key.addr));
		found = bpf_map_lookup_elem(&lb_node_addrs6, &key);
		lb_apart(6);
		return found;
	}
}

lb_inline const struct lb_node_addr *lb_node_addr_get(const struct lb_addr *addr)
{
	const struct lb_node_addr *node = lb_node_addr_entry(addr);

	return node && !(node->flags & LB_NODE_ADDR_BROADCAST) ? node : NULL;
}

lb_inline bool lb_addr_loopback4(const struct lb_addr *addr)
{
	return lb_addr_is4(addr) &&
	       (addr->addr[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
}

lb_inline bool lb_addr_loopback6(const struct lb_addr *addr)
{
	return !addr->addr[0] && !addr->addr[1] && !addr->addr[2] && addr->addr[3] == bpf_htonl(1);
}

/* Whether NodePorts answer on the address. Loopback answers the node's own sockets only: who calls
 * for somebody else leaves LB_SET_LOOPBACK4/6 out of `flags`. */
lb_inline bool lb_node_port_on(const struct lb_addr *addr, __u32 flags)
{
	const struct lb_node_addr *node;

	if (lb_addr_loopback4(addr))
		return flags & LB_SET_LOOPBACK4;
	if (lb_addr_loopback6(addr))
		return flags & LB_SET_LOOPBACK6;
	node = lb_node_addr_get(addr);
	return node && (node->flags & LB_NODE_ADDR_NODE_PORT);
}

lb_inline bool lb_node_port_range(const struct lb_settings *set, __be16 port)
{
	__u16 host = bpf_ntohs(port);

	return host >= set->node_port_first && host <= set->node_port_last;
}

/* The key of a NodePort: the address 0 of its family. */
lb_inline void lb_node_port_key(struct lb_addr *key, const struct lb_addr *dst)
{
	*key = *dst;
	key->addr[3] = 0;
	if (!lb_addr_is4(dst)) {
		key->addr[0] = 0;
		key->addr[1] = 0;
		key->addr[2] = 0;
	}
}

/*
 * Finds the frontend that `dst` names; `key` becomes what it was found by, for looking again. What
 * is no service of ours costs one lookup, unless its port could be a NodePort. Nor is a ClusterIP
 * that a device of the node has: a cache of DNS on every node listens there.
 */
lb_inline enum lb_lookup lb_frontend_find(const struct lb_addr *dst, const struct lb_settings *set,
					  __u32 flags, struct lb_addr *key, struct lb_service *svc)
{
	enum lb_lookup lookup = lb_service_find(dst, svc);

	if (lookup == LB_LOOKUP_NONE && likely(!lb_node_port_range(set, dst->port)))
		return lookup;
	*key = *dst;
	if (lookup == LB_LOOKUP_FOUND && unlikely(svc->flags & LB_SERVICE_ON_DEVICE))
		return LB_LOOKUP_NONE;
	/* The address 0 itself, by which NodePorts are kept, is the sender's own loopback. */
	if (lookup == LB_LOOKUP_FOUND && svc->flags & LB_SERVICE_NODE_PORT &&
	    !(flags & (lb_addr_is4(dst) ? LB_SET_LOOPBACK4 : LB_SET_LOOPBACK6)))
		return LB_LOOKUP_NONE;
	if (lookup != LB_LOOKUP_NONE)
		return lookup;
	lb_node_port_key(key, dst);
	lookup = lb_service_find(key, svc);
	if (lookup == LB_LOOKUP_NONE || !lb_node_port_on(dst, flags))
		return LB_LOOKUP_NONE;
	return lookup;
}

#endif
