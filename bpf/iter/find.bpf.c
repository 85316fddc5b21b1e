/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Report the sockets to end in the network namespace that the iterator is opened in: stale ones,
 * and UDP sockets that were connected to a frontend before it was one. All sockets of the protocol
 * are visited; iter/bpf_sk_storage_map would visit only those that use services, but a kernel may
 * refuse it (lockdown), and one way that works everywhere is enough.
 */
#include "lb_config.h"
#include "lb_untranslated.h"

LB_CONFIG(__u64, cfg_cgroup, 1, "Id of the cgroup that the hooks are attached to.");

/* As deep as a cgroup can be, and then some. */
#define DEPTH_MAX 128

lb_inline int find(struct seq_file *seq, struct sock_common *sk)
{
	const struct lb_sock *mem = bpf_sk_storage_get(&lb_sock, sk, NULL, 0);
	struct lb_stale_sock found;

	if (likely(!mem))
		return 0;
	/* Or clang adds to the pointer before it is checked. */
	lb_pin(mem);
	if (likely(!lb_stale(mem, sk)))
		return 0;
	lb_stale_fill(&found, mem, sk, bpf_get_socket_cookie(sk));
	bpf_seq_write(seq, &found, sizeof(found));
	return 0;
}

SEC("iter/udp")
int lb_find_udp(struct bpf_iter__udp *ctx)
{
	struct sock_common *sk = (struct sock_common *)ctx->udp_sk;

	return sk ? find(ctx->meta->seq, sk) : 0;
}

SEC("iter/tcp")
int lb_find_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;

	return sk ? find(ctx->meta->seq, sk) : 0;
}

/* Whether the hooks are called for the socket: they are for those below their cgroup. */
lb_inline bool hooked(const struct sock *sk)
{
	const struct cgroup *cgroup = sk->sk_cgrp_data.cgroup;

#pragma clang loop unroll(disable)
	for (int i = 0; i < DEPTH_MAX && cgroup; i++) {
		const struct cgroup_subsys_state *parent = cgroup->self.parent;

		if (cgroup->kn->id == cfg_cgroup)
			return true;
		if (!parent)
			return false;
		cgroup = parent->cgroup;
	}
	return false;
}

/* Untranslated sockets have no memory of ours, so each costs the look-up of a frontend: only after
 * frontends came. */
SEC("iter/udp")
int lb_untrans_udp(struct bpf_iter__udp *ctx)
{
	struct sock *sk = (struct sock *)ctx->udp_sk;
	struct lb_sock as_asked = {.kind = LB_SOCK_CONNECTED};
	struct lb_stale_sock found;

	if (!sk ||
	    !lb_untranslated(bpf_sk_storage_get(&lb_sock, sk, NULL, 0), &sk->__sk_common,
			     &as_asked.frontend) ||
	    !hooked(sk))
		return 0;
	as_asked.backend = as_asked.frontend;
	lb_stale_fill(&found, &as_asked, &sk->__sk_common, bpf_get_socket_cookie(sk));
	bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
