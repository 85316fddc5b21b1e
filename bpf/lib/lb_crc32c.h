/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The checksum of SCTP (RFC 9260, appendix A) after a change of ports, without reading the packet.
 * A CRC is linear: two packets of the same length have CRCs that differ by the CRC (without the
 * customary inversions) of their difference, which here is four bytes and nothing but zeros after
 * them. As polynomials over GF(2): difference * x^(8 * length) modulo that of CRC32c.
 */
#ifndef LB_CRC32C_H
#define LB_CRC32C_H

#include "lb_csum.h"
#include "lb_packet.h"

/* Bits are mirrored, as in the CRC: the highest one is x^0. */
#define LB_CRC32C_POLY 0x82f63b78u

/* [k][n]: x^(8 * n * 16^k), what n * 16^k bytes of zeros multiply by. */
static const __u32 lb_crc32c_zeros[4][16] = {
	{
		0x80000000,
		0x00800000,
		0x00008000,
		0x00000080,
		0x82f63b78,
		0xfbc3faf9,
		0x8b277743,
		0x52a0c93f,
		0x6ea2d55c,
		0x1c08b7d6,
		0xf56e0ef4,
		0x34019664,
		0xa66805eb,
		0x7a1f6b24,
		0xe75d06aa,
		0xc94ec098,
	},
	{
		0x80000000,
		0x18b8ea18,
		0x510ac59a,
		0xb2dea967,
		0xb82be955,
		0x36c41f1c,
		0x19b29a35,
		0xc9e90b9e,
		0xb8fdb1e7,
		0xe55ef1f3,
		0x1fe0b5c3,
		0xe0553f1e,
		0x18e4a304,
		0x2b830011,
		0x56993a31,
		0x0246e2e6,
	},
	{
		0x80000000,
		0x88e56f72,
		0x74c360a4,
		0x631bb273,
		0xe4172b16,
		0x71892b1b,
		0x835305c9,
		0x196b1eae,
		0x0d65762a,
		0xafc81338,
		0xb5a50ab7,
		0xf373c3ac,
		0x5f60970f,
		0xd46d3063,
		0x3a5275ea,
		0x02331c01,
	},
	{
		0x80000000,
		0x35d73a62,
		0x28461564,
		0x43eefc9f,
		0xbf455269,
		0x5edcdeb9,
		0x65059450,
		0x4e6f41a4,
		0xe2ea32dc,
		0xf5b95b32,
		0x695a4c87,
		0xf204502c,
		0x9a4f01b6,
		0x941a0916,
		0x4303cb97,
		0x4c3d3d65,
	},
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define lb_le32(x) (x)
#else
#define lb_le32(x) __builtin_bswap32(x)
#endif

lb_once __u32 lb_crc32c_multiply(__u32 a, __u32 b)
{
	__u32 product = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 32; i++) {
		product ^= b & -(a >> 31);
		a <<= 1;
		b = (b >> 1) ^ (LB_CRC32C_POLY & -(b & 1));
	}
	return product;
}

/* How the CRC of `len` bytes changes when the first four do: `diff` is old ^ new, first byte
 * lowest. Without branches, or the verifier would go every way that the digits of a length can
 * lead. */
lb_inline __u32 lb_crc32c_change(__u32 diff, __u32 len)
{
#pragma clang loop unroll(disable)
	for (__u32 k = 0; k < 4; k++) {
		diff = lb_crc32c_multiply(diff, lb_crc32c_zeros[k][len & 15]);
		len >>= 4;
	}
	return diff;
}

/*
 * Puts right the checksum of an SCTP packet whose ports (as they lie at l4) are changed by the
 * caller. One of 0 stays: it is not computed yet, the kernel or the device will do it over the new
 * ports (CHECKSUM_PARTIAL). A computed one is 0 once in four billion packets; its receiver drops
 * it and it comes again. A first fragment does not say how long the whole is, so only one whose
 * ports stay can be helped. 0 or a negative error; moves the packet.
 */
static __noinline long lb_sctp_ports(hook_ctx *ctx, const struct lb_packet *pkt, __be32 old_ports,
				     __be32 new_ports)
{
	__u32 len = pkt->len - (pkt->l4 - pkt->l3);
	__u32 crc, was;
	long err;

	if (old_ports == new_ports || (pkt->flags & LB_PACKET_FRAG_LATER))
		return 0;
	if (pkt->flags & LB_PACKET_FRAG)
		return -EINVAL;
	err = hook_read(ctx, pkt->l4 + 8, &was, sizeof(was));
	if (err)
		return err;
	crc = was;
	if (crc)
		crc ^= lb_le32(lb_crc32c_change(lb_le32(old_ports ^ new_ports), len));
	/* A sum that the device took of the packet; nothing here makes up for the change. */
	hook_csum_add(
		ctx, lb_csum_fold32(lb_csum_diff(lb_csum_diff(0, old_ports, new_ports), was, crc)));
	return hook_write(ctx, pkt->l4 + 8, &crc, sizeof(crc));
}

#endif
