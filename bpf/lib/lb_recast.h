/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Elements of another release's maps in our layout. The agent, which has both releases' types, says
 * for each byte where it is in the other layout; the verifier sees that as constants.
 */
#ifndef LB_RECAST_H
#define LB_RECAST_H

#include "lb_kernel.h"

/* Only one of the two layouts has it: 0. */
#define LB_RECAST_NONE 0xff

/* Largest key and value of another release that programs can follow. */
#define LB_RECAST_KEY	64
#define LB_RECAST_VALUE 128

/* A map of this agent or of the one before, by the descriptor that is put in its place. */
#define LB_RECAST_MAP(name)                                                                        \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(key_size, LB_RECAST_KEY);                                                   \
		__uint(value_size, LB_RECAST_VALUE);                                               \
		__uint(max_entries, 1);                                                            \
	} name SEC(".maps")

struct lb_recast_value {
	__u8 bytes[LB_RECAST_VALUE];
};

/* The same of what sockets remember. */
#define LB_RECAST_SOCKETS(name)                                                                    \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_SK_STORAGE);                                             \
		__type(key, int);                                                                  \
		__type(value, struct lb_recast_value);                                             \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
	} name SEC(".maps")

lb_inline void lb_recast(__u8 *to, const __u8 *from, const volatile __u8 *places, __u32 size)
{
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < size; i++) {
		__u8 place = places[i];

		to[i] = 0;
		if (place != LB_RECAST_NONE)
			to[i] = from[place];
	}
}

/* Which of the two releases' programs is in force: 0 the one before, 1 ours. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} lb_switch SEC(".maps");

/* The two releases' programs of one hook; a hook has its own, as all that call each other must be
 * of the same kind. */
#define LB_SWITCH_TO(name)                                                                         \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                             \
		__uint(key_size, sizeof(__u32));                                                   \
		__uint(value_size, sizeof(__u32));                                                 \
		__uint(max_entries, 2);                                                            \
	} name SEC(".maps")

lb_inline __u32 lb_switched(void)
{
	__u32 zero = 0, *switched = bpf_map_lookup_elem(&lb_switch, &zero);

	return switched && READ_ONCE(*switched);
}

#endif
