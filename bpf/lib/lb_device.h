/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a device tells of the packets that come in by it. */
#ifndef LB_DEVICE_H
#define LB_DEVICE_H

#include "lb_ct_entry.h"
#include "lb_settings.h"

lb_inline const struct lb_device *lb_device_get(__u32 ifindex)
{
	return bpf_map_lookup_elem(&lb_devices, &ifindex);
}

/* Whether what leaves by the device has an address of the node to be masqueraded with. */
lb_inline bool lb_device_masks(const struct lb_device *device, __u8 family)
{
	return family == 4
		       ? device->snat4
		       : device->snat6[0] | device->snat6[1] | device->snat6[2] | device->snat6[3];
}

/*
 * Of a frame that is not for the device's own link address: whether a device above it takes it,
 * that has no program of ours. Others are for other machines (a device listens to all, a switch
 * does not know where to) or for groups; the kernel balances neither.
 */
HOOK_ONCE int lb_frame_upper(hook_ctx *ctx)
{
	const struct lb_device *device = lb_device_get(hook_ifindex(ctx));
	__u8 to[6];

	if (!device || hook_read(ctx, 0, to, sizeof(to)))
		return false;
	/* Nobody has 0, and it stands for none. */
	return (to[0] | to[1] | to[2] | to[3] | to[4] | to[5]) &&
	       !((to[0] ^ device->upper[0]) | (to[1] ^ device->upper[1]) |
		 (to[2] ^ device->upper[2]) | (to[3] ^ device->upper[3]) |
		 (to[4] ^ device->upper[4]) | (to[5] ^ device->upper[5]));
}

/*
 * Whether the program at a device below has translated this packet, which goes on through the stack
 * and so comes in a second time: as a client's that talks to a backend, with the flow that says
 * otherwise. What came by no device below is none of these, whatever flow there is.
 */
lb_once int lb_translated_below(const struct lb_pass *pass)
{
	const struct lb_device *device;
	const struct lb_ct_state *state;

	if (!pass)
		return false;
	device = lb_device_get(pass->ifindex);
	if (!device || !(device->flags & LB_DEVICE_ABOVE))
		return false;
	if (pass->pkt.tuple.family == 4) {
		struct lb_ct_key4 key;
		const struct lb_ct4 *ct;

		lb_ct_key4_turned(&key, &pass->pkt.tuple, LB_CT_EGRESS);
		ct = bpf_map_lookup_elem(&lb_conntrack4, &key);
		if (!ct)
			return false;
		lb_pin(ct);
		if (!lb_ct_sealed4(&key, ct))
			return false;
		state = &ct->state;
	} else {
		struct lb_ct_key6 key;
		const struct lb_ct6 *ct;

		lb_ct_key6_turned(&key, &pass->pkt.tuple, LB_CT_EGRESS);
		ct = bpf_map_lookup_elem(&lb_conntrack6, &key);
		if (!ct)
			return false;
		lb_pin(ct);
		if (!lb_ct_sealed6(&key, ct))
			return false;
		state = &ct->state;
	}
	return state->oif != pass->ifindex;
}

/*
 * A bridge lets netfilter look at what comes in by its ports (net.bridge.bridge-nf-call-iptables),
 * and does so before us. To netfilter the packet is of a connection to the frontend, so the
 * backend's answers belong to none: it would masquerade or drop them.
 */
lb_inline bool lb_bridged(const struct lb_pass *pass)
{
	const struct lb_settings *set = lb_settings_get();
	const struct lb_device *device;

	if (!set || likely(!(set->flags & LB_SET_BRIDGE)))
		return false;
	device = lb_device_get(pass->ifindex);
	return device && device->flags & LB_DEVICE_BRIDGE;
}

#endif
