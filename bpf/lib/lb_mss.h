/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The longest segment that a backend announces to its client, lowered by what tunnels put in front:
 * the client's packets come by another node in one, and fit at once. */
#ifndef LB_MSS_H
#define LB_MSS_H

#include "lb_parse.h"

/* Options that are looked at; MSS is the first where Linux writes them. */
#define LB_MSS_OPTIONS 8
#define LB_MSS_IPV6    (sizeof(struct ipv6hdr) - sizeof(struct iphdr))

/* Of a SYN+ACK. An option at an odd place stays as it is: no system writes it there. */
HOOK_ONCE int lb_mss_lower(hook_ctx *ctx, const struct lb_packet *pkt)
{
	__u32 at, end, check;
	__be16 old, new;
	__u8 option[4];

	if (!pkt || hook_read(ctx, pkt->l4 + 12, option, 1))
		return false;
	at = pkt->l4 + 20;
	end = pkt->l4 + (option[0] >> 4 << 2);
	check = pkt->l4 + 16;
	new = bpf_htons(cfg_tunnel_mss - (pkt->tuple.family == 6 ? LB_MSS_IPV6 : 0));
#pragma clang loop unroll(disable)
	for (int i = 0; i < LB_MSS_OPTIONS && at + sizeof(option) <= end; i++) {
		if (hook_read(ctx, at, option, sizeof(option)) || !option[0])
			return false;
		if (option[0] == 2) {
			old = *(__be16 *)(option + 2);
			if (option[1] != 4 || at & 1 || bpf_ntohs(old) <= bpf_ntohs(new))
				return false;
			return !hook_l4_csum(ctx, check, old, new, sizeof(new)) &&
			       !hook_write(ctx, at + 2, &new, sizeof(new));
		}
		if (option[0] != 1 && option[1] < 2)
			return false;
		at += option[0] == 1 ? 1 : option[1];
	}
	return false;
}

#endif
