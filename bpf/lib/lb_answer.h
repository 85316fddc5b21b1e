/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How many answers of our own are sent, as whoever asks may have put another's address for its own
 * (RFC 4443 2.4 (f), RFC 1812 4.3.2.8). As the kernel: ICMP errors to one address at an interval,
 * after a burst of 6 (icmp_ratelimit), and those of the node together at a rate, after a burst
 * (icmp_msgs_per_sec, icmp_msgs_burst). "Too big" is free, as there: path MTU discovery depends on
 * it, and it is never longer than what it answers. So is a reset, and a client that tries again is
 * to be told again: resets have the rate of the node only, and a burst of a second.
 *
 * A bucket is one number: when it will be full again. What is taken moves that by the time that it
 * takes to come back, and nothing is taken that would move it further than the bucket is deep.
 */
#ifndef LB_ANSWER_H
#define LB_ANSWER_H

#include "lb_drop.h"

/* XRLIM_BURST_FACTOR of net/ipv4/icmp.c. */
#define LB_ANSWER_BURST 6

/* How often a CPU tries to take what another one takes from. */
#define LB_ANSWER_TRIES 4

enum lb_answer {
	LB_ANSWER_ICMP = 0, /* places in lb_answer_rate */
	LB_ANSWER_RESET = 1,
};

lb_inline bool lb_bucket_take(__u64 *full_at, __u64 now, __u64 gap, __u64 burst)
{
	__u64 was, at;

#pragma unroll
	for (int i = 0; i < LB_ANSWER_TRIES; i++) {
		was = READ_ONCE(*full_at);
		at = was > now ? was : now;
		if (at - now > gap * (burst - 1))
			return false;
		if (__sync_val_compare_and_swap(full_at, was, at + gap) == was)
			return true;
	}
	return false;
}

lb_inline bool lb_answer_to(const struct lb_pass *pass, __u64 now)
{
	struct lb_ip6 key;
	__u64 *full_at, first = now + cfg_answer_gap_ns;

	lb_copy16(key.addr, pass->pkt.tuple.src);
	full_at = bpf_map_lookup_elem(&lb_answers, &key);
	if (full_at)
		return lb_bucket_take(full_at, now, cfg_answer_gap_ns, LB_ANSWER_BURST);
	bpf_map_update_elem(&lb_answers, &key, &first, BPF_ANY);
	return true;
}

/* Whether the packet may be answered; counted when it may not. */
lb_once int lb_answer_allowed(const struct lb_pass *pass, __u32 kind)
{
	__u64 now = bpf_ktime_get_coarse_ns(), *rate, burst;

	if (!pass)
		return false;
	if (cfg_answer_gap_ns && kind == LB_ANSWER_ICMP && !lb_answer_to(pass, now))
		goto limited;
	if (!cfg_answers_gap_ns)
		return true;
	burst = kind == LB_ANSWER_ICMP ? cfg_answers_burst : NSEC_PER_SEC / cfg_answers_gap_ns;
	rate = bpf_map_lookup_elem(&lb_answer_rate, &kind);
	if (!rate || (burst && lb_bucket_take(rate, now, cfg_answers_gap_ns, burst)))
		return true;
limited:
	lb_count(LB_ANSWER_LIMITED);
	return false;
}

#endif
