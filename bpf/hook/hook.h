/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* clang-format off */
/*
 * The verbs by which the core touches a packet; hook_tc.h gives them for __sk_buff, hook_xdp.h
 * those that it needs for xdp_md. Offsets count from the start of the packet as the hook sees it
 * (the Ethernet header, or the IP header on devices without one). Each verb that can move the
 * packet's memory says so: pointers taken before it are void.
 *
 *   hook_ctx                          the context's type
 *   HOOK_PASS HOOK_DROP               verdicts
 *   HOOK_TRACED                       its enum lb_trace_hook
 *   hook_data(ctx) hook_data_end(ctx) direct access to what lies in one piece
 *   hook_pull(ctx, len)               makes the first `len` bytes lie in one piece and writable;
 *                                     moves. 0 or a negative error
 *   hook_read(ctx, off, to, len)      copies out, from anywhere. 0 or a negative error
 *   hook_write(ctx, off, from, len)   copies in; moves. 0 or a negative error
 *   hook_write_new(ctx, off, from, len)  the same into bytes that are 0 and belong to no checksum
 *                                     but the one that the device took of the packet; moves
 *   hook_l4_csum(ctx, off, old, new, flags)  replaces in a TCP, UDP or ICMPv6 checksum what the
 *                                     change of old into new does to it (flags: size 2 or 4, or 0
 *                                     where old is 0 and new a difference; HOOK_CSUM_PSEUDO,
 *                                     HOOK_CSUM_ZERO); knows packets whose checksum the device will
 *                                     finish; moves
 *   hook_csum_add(ctx, diff)          tells the sum that the device took of the whole packet, if it
 *                                     did, what direct writing did to it
 *   hook_resize(ctx, len)             cuts the packet's end or grows it; drops offloads; moves
 *   hook_push(ctx, len)               room in front of the packet's first byte; moves
 *   hook_cut(ctx, len)                takes bytes away behind the link header; a checksum left to
 *                                     the device is forgotten when they reach two bytes into the
 *                                     L4 header; moves
 *   hook_room(ctx, len)               room behind the link header, zeros; moves
 *   hook_encap(ctx, len, flags)       room for outer headers behind the link header, and what they
 *                                     are (BPF_F_ADJ_ROOM_ENCAP_...); moves
 *   hook_grow(ctx, by)                so many more bytes in front of the packet's first, or fewer;
 *                                     moves
 *   hook_decap(ctx, len)              takes outer headers away behind the link header; moves
 *   hook_decap_4in6(ctx, len)         the same of IPv6 from around IPv4; moves
 *   hook_untag(ctx)                   takes a VLAN tag away if there is one; moves
 *   hook_len(ctx)                     bytes in all
 *   hook_segment(ctx)                 payload bytes per segment of a GSO packet, 0 for others
 *   hook_protocol(ctx)                ETH_P_ of the packet in network order, where there is no
 *                                     Ethernet header to say it
 *   hook_vlan(ctx)                    VLAN id that the device took off the packet, 0 for none
 *   HOOK_READS_TAGS                   packets of VLANs come by with their tag, which leads to the
 *                                     VLAN (lb_vlans); 0: they are for the VLAN's own device
 *   hook_ifindex(ctx)                 device it came in by or leaves by
 *   hook_port(ctx)                    where the frame itself came in, of a bond its port
 *   hook_send(ctx, ifindex)           out by the device as it is, link header included: a verdict
 *   hook_forward(ctx, ifindex, l3, to)  out by the device to that neighbour, or, where it has no
 *                                     family, to the one that a routing lookup for the packet
 *                                     finds; l3 is the offset of its IP header: a verdict
 *   hook_sent(ctx)                    whether hook_forward() has sent the packet, which may leave
 *                                     by several devices, one upon the other
 *   hook_arrived(ctx)                 no longer: it may have come from a node on the same kernel.
 *                                     True: it comes in anew, by hook_anew()
 *   hook_anew(ctx)                    to the stack as if it had just come in as it is now, without
 *                                     what netfilter knows of it: a verdict
 *   hook_again(ctx, rounds)           through this hook once more, after what waits already, at
 *                                     most `rounds` times: a verdict, or HOOK_PASS when it was
 *   hook_ours(ctx)                    whether the frame is for the link address of the device, and
 *                                     not for another machine's or a group's
 *   hook_socket(ctx, at, size, proto)  what socket of this namespace takes packets of that kind
 *   hook_tracked(ctx, at, size, proto) what such a packet is to nf_conntrack
 *   hook_route(ctx, fib, flags)       bpf_fib_lookup
 *   hook_mtu(ctx, ifindex)            the device's MTU, 0 when it is gone
 */
/* clang-format on */
#ifndef HOOK_H
#define HOOK_H

#include "lb_kernel.h"

enum hook_socket {
	HOOK_SOCKET_NONE,
	HOOK_SOCKET_OPEN, /* from anybody */
	HOOK_SOCKET_CONNECTED,
};

enum hook_track {
	HOOK_TRACK_NONE,     /* or the kernel cannot be asked */
	HOOK_TRACK_ORIGINAL, /* as who began it sends them */
	HOOK_TRACK_REPLY,
	HOOK_TRACK_TRANSLATED, /* as who began it sends them, and netfilter changes where to */
};

#endif
