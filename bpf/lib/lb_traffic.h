/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Packets and bytes of service ports and backends, where somebody asked for them (cfg_traffic). */
#ifndef LB_TRAFFIC_H
#define LB_TRAFFIC_H

#include "lb_ct_follow.h"

/* Packets that go on to a backend or a client. ICMP errors about them are no traffic. */
lb_inline bool lb_carried(__u32 reason)
{
	return (reason >= LB_PKT_TO_LOCAL && reason <= LB_PKT_REPLY) || reason == LB_PKT_TO_NODE ||
	       reason == LB_PKT_UNTRACKED;
}

lb_inline void lb_traffic_add(__u32 index, const struct lb_pass *pass)
{
	struct lb_traffic *traffic = bpf_map_lookup_elem(&lb_traffic, &index);

	if (!traffic)
		return;
	if (pass->ct.flags & LB_CT_REPLY) {
		traffic->packets_out++;
		traffic->bytes_out += pass->pkt.len;
	} else {
		traffic->packets_in++;
		traffic->bytes_in += pass->pkt.len;
	}
}

/* Whether the backend id of the pass is that of its flow. In a tunnel the packet goes to whose id
 * it is. */
lb_inline bool lb_traffic_of_backend(const struct lb_pass *pass)
{
	const struct lb_backend *backend;

	if (!lb_ct_tunnels(pass))
		return lb_backend_still(pass->ct.service_id, pass->ct.backend_id,
					lb_ct_backend_fold(pass), lb_ct_backend_port(pass));
	backend = lb_backend_get(pass->ct.backend_id);
	return backend && READ_ONCE(backend->service_id) == pass->ct.service_id;
}

/* A packet ended for the reason. */
lb_once int lb_traffic_count(const struct lb_pass *pass, __u32 reason)
{
	__u32 first;

	/* 0: a connection of the node's own, which has another port now (lb_move.h). */
	if (!cfg_traffic || !pass || !lb_carried(reason) || !pass->ct.service_id)
		return 0;
	first = bpf_get_smp_processor_id() * (cfg_services + cfg_backends);
	if (pass->ct.service_id < cfg_services)
		lb_traffic_add(first + pass->ct.service_id, pass);
	if (pass->ct.backend_id < cfg_backends && lb_traffic_of_backend(pass))
		lb_traffic_add(first + cfg_services + pass->ct.backend_id, pass);
	return 0;
}

#endif
