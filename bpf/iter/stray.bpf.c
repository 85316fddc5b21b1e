/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tells of the strays of the network namespace that the iterator is opened in. They have no memory
 * of ours that would lead to them, so it walks all UDP sockets: only after frontends came.
 */
#include "lb_config.h"
#include "lb_stray.h"

LB_CONFIG(__u64, cfg_cgroup, 1, "Id of the cgroup that the hooks are attached to.");

/* As deep as a cgroup can be, and then some. */
#define DEPTH_MAX 128

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

SEC("iter/udp")
int lb_stray_udp(struct bpf_iter__udp *ctx)
{
	struct sock *sk = (struct sock *)ctx->udp_sk;
	struct lb_sock as_asked = {.kind = LB_SOCK_CONNECTED};
	struct lb_stale_sock found;

	if (!sk ||
	    !lb_stray(bpf_sk_storage_get(&lb_sock, sk, NULL, 0), &sk->__sk_common,
		      &as_asked.frontend) ||
	    !hooked(sk))
		return 0;
	as_asked.backend = as_asked.frontend;
	lb_stale_fill(&found, &as_asked, &sk->__sk_common, bpf_get_socket_cookie(sk));
	bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
