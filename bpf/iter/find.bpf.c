/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tells of all stale sockets, in every network namespace: it walks the memories of lb_sock, so its
 * price is the number of sockets that use services, however many others there are. It may only
 * look: the kernel does not hold the lock of a socket for it.
 */
#include "lb_stale.h"

SEC("iter/bpf_sk_storage_map")
int lb_find(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct lb_stale_sock stale;
	struct lb_sock *value = ctx->value;
	struct sock *sk = ctx->sk;
	struct lb_sock mem;

	if (!sk || !value)
		return 0;
	/* connect() may write it meanwhile; who ends the socket looks again, under its lock. */
	mem = *value;
	if (!lb_stale(&mem, &sk->__sk_common))
		return 0;
	lb_stale_fill(&stale, &mem, &sk->__sk_common, bpf_get_socket_cookie(sk));
	bpf_seq_write(ctx->meta->seq, &stale, sizeof(stale));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
