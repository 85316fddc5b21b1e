/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* New flows whose backend sees an address of the node: the route, the address, and a port that
 * neither our flows nor netfilter's connections have. */
#ifndef LB_OPEN_SNAT_H
#define LB_OPEN_SNAT_H

#include "lb_device.h"
#include "lb_fib.h"
#include "lb_node.h"
#include "lb_snat.h"

/* The source of a flow towards the device; false: the device has none. */
lb_inline bool lb_open_source(struct lb_pass *pass, const struct lb_device *device)
{
	if (pass->to.family == 4)
		pass->to.src[3] = device->snat4;
	else
		lb_copy16(pass->to.src, device->snat6);
	return lb_device_masks(device, pass->to.family);
}

/* Ports that are given back because netfilter masquerades with them, until the packet is dropped.
 * If it has half of what we choose from, this happens to one new flow in 65,536. */
#define LB_SNAT_TRACKED 16

/* Whether netfilter has a connection to the backend from the port that was just claimed: replies to
 * the two would look the same, to us and to the backend. */
HOOK_ONCE int lb_snat_tracked(hook_ctx *ctx, const struct lb_pass *pass)
{
	struct bpf_sock_tuple ask;
	__u32 size;

	if (!pass)
		return false;
	size = lb_sock_tuple(&ask, &pass->to, true);
	return hook_tracked(ctx, &ask, size, pass->to.proto) != HOOK_TRACK_NONE;
}

/* A port that nobody has. Results as of lb_snat_claim(). */
lb_inline long lb_open_port(hook_ctx *ctx, struct lb_pass *pass)
{
	long rc = -EEXIST;

#pragma clang loop unroll(disable)
	for (int i = 0; i < LB_SNAT_TRACKED; i++) {
		rc = lb_snat_claim(pass, i);
		if (rc && rc != -EEXIST && lb_ct_make_room())
			rc = lb_snat_claim(pass, i);
		if (rc || !lb_snat_tracked(ctx, pass))
			return rc;
		lb_ct_delete(pass, true);
		lb_count(LB_CT_PORT_TRACKED);
		rc = -EEXIST;
	}
	return rc;
}

/* After all: the backend keeps seeing its client. */
lb_inline enum lb_reason lb_open_unchanged(struct lb_pass *pass)
{
	pass->ct.flags = LB_CT_STACK | (pass->ct.flags & LB_CT_AFFINITY);
	pass->ct.oif = 0;
	pass->ct.mtu = 0;
	return LB_REASON_NONE;
}

/*
 * Route, address, port and so the reply entry. LB_REASON_NONE: done. A backend whose device has no
 * program of ours cannot have a SNATed flow, because its replies to an address of the node would
 * end there. Behind such a device are backends of this node, also those whose slice does not say
 * where they are: they see their client, and their replies come by. Where the device leads
 * elsewhere nobody may see a client whose replies would not come back to us.
 */
lb_inline enum lb_reason lb_open_snat(hook_ctx *ctx, struct lb_pass *pass)
{
	const struct lb_device *device;
	long rc;

	if (!lb_fib_forward(ctx, pass)) {
		/* Of this node itself, perhaps without its name: default/kubernetes is such. */
		return lb_of_node(&pass->to, false) ? lb_open_unchanged(pass) : LB_DROP_NO_ROUTE;
	}
	device = lb_device_get(pass->ct.oif);
	if (device ? device->flags & LB_DEVICE_BARE : pass->ct.flags & LB_CT_DIRECT) {
		if (device && device->flags & LB_DEVICE_AWAY && !(pass->ct.flags & LB_CT_DIRECT))
			return LB_DROP_NO_PROGRAM;
		return lb_open_unchanged(pass);
	}
	if (!device || !lb_open_source(pass, device))
		return LB_DROP_NO_SNAT_ADDR;
	if (pass->pkt.tuple.proto == IPPROTO_TCP)
		lb_guard_read(ctx, pass);
	rc = lb_open_port(ctx, pass);
	if (rc)
		return rc == -EEXIST ? LB_DROP_SNAT_PORTS : LB_DROP_CT_FULL;
	return LB_REASON_NONE;
}

#endif
