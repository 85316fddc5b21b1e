/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Whether somebody else waits for a packet that has no flow. */
#ifndef LB_AWAITED_H
#define LB_AWAITED_H

#include "lb_packet.h"

/*
 * Whether the packet answers a connection of the node's own, or one that netfilter masquerades.
 * Both can have the number of a NodePort for their port, and netfilter, which would know, comes
 * after us. Or whether netfilter gave its connection another destination, as kube-proxy's rules do:
 * that one began before us, and its mapping is netfilter's to its end. With HOOK_SOCKET_OPEN a
 * socket that takes packets from anybody waits, too.
 */
HOOK_ONCE int lb_awaited(hook_ctx *ctx, const struct lb_pass *pass, enum hook_socket least)
{
	const struct lb_tuple *at;
	struct bpf_sock_tuple ask;
	__u32 size;

	if (!pass)
		return false;
	at = &pass->pkt.tuple;
	size = lb_sock_tuple(&ask, at, false);
	return hook_socket(ctx, &ask, size, at->proto) >= least ||
	       hook_tracked(ctx, &ask, size, at->proto) >= HOOK_TRACK_REPLY;
}

#endif
