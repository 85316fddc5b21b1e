/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What packets.bpf.c and xdp.bpf.c measure by. */
#ifndef BENCH_PACKET_H
#define BENCH_PACKET_H

#define BENCH_HEAD 96

struct bench_packet {
	__u8 head[BENCH_HEAD]; /* what the packet begins with */
	__u32 port_at;	       /* offset of the client's port, for b_new */
	__u32 port;	       /* of the next flow */
};

/* The packet of this measurement. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct bench_packet);
	__uint(max_entries, 1);
} b_packet SEC(".maps");

#endif
