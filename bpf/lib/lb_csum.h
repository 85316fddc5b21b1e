/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Sums in one's complement (RFC 1624): what a change does to an Internet checksum. */
#ifndef LB_CSUM_H
#define LB_CSUM_H

#include "lb_kernel.h"

/* Adds what turning `old` into `new` does. */
lb_inline __u64 lb_csum_diff(__u64 sum, __be32 old, __be32 new)
{
	return sum + (__u32)~old + new;
}

/* One word after the other: the compiler would read all eight first, and keep them on the stack. */
lb_inline __u64 lb_csum_diff16(__u64 sum, const __be32 *old, const __be32 *new)
{
#pragma unroll
	for (int i = 0; i < 4; i++) {
		sum = lb_csum_diff(sum, old[i], new[i]);
		lb_settle(sum);
	}
	return sum;
}

/* To the 32 bits that the kernel's helpers take. */
lb_inline __u32 lb_csum_fold32(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffffffff) + (sum >> 32);
}

lb_inline __u16 lb_csum_fold16(__u64 sum)
{
	sum = lb_csum_fold32(sum);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* A sum as it is stored. */
lb_inline __u16 lb_csum_finish(__u64 sum)
{
	return ~lb_csum_fold16(sum);
}

/* What a checksum field becomes. */
lb_inline __u16 lb_csum_apply(__u16 check, __u64 diff)
{
	return lb_csum_finish((__u16)~check + diff);
}

#endif
