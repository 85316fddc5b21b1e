/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Ends stale sockets of the network namespace that the iterator is opened in: those the agent
 * names, if they still are stale (or untranslated sockets) now that the kernel holds their lock.
 * Apart from the other programs because kernels before 6.5 have no bpf_sock_destroy() and would
 * refuse all of them.
 */
#include "lb_untranslated.h"

extern int bpf_sock_destroy(struct sock_common *sk) __ksym;

/* Cookies of the sockets to end. Written by the agent for each round, never pinned. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, __u32);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_sock_close SEC(".maps");

lb_inline int end(struct seq_file *seq, struct sock_common *sk, bool tcp)
{
	struct lb_sock as_asked = {.kind = LB_SOCK_CONNECTED};
	__u64 cookie = bpf_get_socket_cookie(sk);
	const struct lb_sock *mem;
	struct lb_stale_sock stale;
	bool leads = false;

	if (likely(!bpf_map_lookup_elem(&lb_sock_close, &cookie)))
		return 0;
	mem = bpf_sk_storage_get(&lb_sock, sk, NULL, 0);
	if (mem) {
		/* Or clang adds to the pointer before it is checked. */
		lb_pin(mem);
		leads = lb_stale(mem, sk);
	}
	if (!leads) {
		if (tcp || !lb_untranslated(mem, sk, &as_asked.frontend))
			return 0;
		as_asked.backend = as_asked.frontend;
		mem = &as_asked;
	}
	lb_stale_fill(&stale, mem, sk, cookie);
	if (!bpf_sock_destroy(sk))
		bpf_seq_write(seq, &stale, sizeof(stale));
	return 0;
}

SEC("iter/udp")
int lb_end_udp(struct bpf_iter__udp *ctx)
{
	struct sock_common *sk = (struct sock_common *)ctx->udp_sk;

	return sk ? end(ctx->meta->seq, sk, false) : 0;
}

SEC("iter/tcp")
int lb_end_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;

	return sk ? end(ctx->meta->seq, sk, true) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
