/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Bits that are spread well. */
#ifndef LB_HASH_H
#define LB_HASH_H

#include "lb_kernel.h"

/* 32 well-spread bits: the finalizer of MurmurHash3. */
lb_inline __u32 lb_mix(__u64 a, __u32 b)
{
	__u64 x = a ^ ((__u64)b << 32);

	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return (x ^ (x >> 33)) >> 16;
}

#endif
