/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Sources that nobody can have. The kernel refuses them where it looks for a packet's route, but a
 * packet that we send on by ourselves never comes there. */
#ifndef LB_MARTIAN_H
#define LB_MARTIAN_H

#include "lb_packet.h"

/* As ip_route_input_slow() and ip6_forward() have it. */
lb_inline bool lb_martian(const struct lb_tuple *at)
{
	if (at->family == 4) {
		__u32 src = bpf_ntohl(at->src[3]), net = src >> 24;

		return !net || net == 127 || net >> 4 == 14 || src == ~0U;
	}
	if ((at->src[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000))
		return true;
	return !(at->src[0] | at->src[1] | at->src[2] | (at->src[3] & ~bpf_htonl(1)));
}

#endif
