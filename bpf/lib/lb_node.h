/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Addresses of this node in packets. */
#ifndef LB_NODE_H
#define LB_NODE_H

#include "lb_packet.h"
#include "lb_maps.h"

/* Whether the destination, or the source, is an address of this node. */
lb_once int lb_of_node(const struct lb_tuple *to, bool source)
{
	const struct lb_node_addr *found;
	struct lb_ip6 key;

	if (!to)
		return false;
	/* Both keys begin with the address, and the stack is short. */
	lb_copy16(key.addr, source ? to->src : to->dst);
	if (to->family == 4) {
		key.addr[0] = key.addr[3];
		found = bpf_map_lookup_elem(&lb_node_addrs4, &key);
		lb_apart(4);
	} else {
		found = bpf_map_lookup_elem(&lb_node_addrs6, &key);
		lb_apart(6);
	}
	return found != NULL;
}

#endif
