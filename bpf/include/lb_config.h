/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Load-time knobs in .rodata. The verifier sees them as constants, so what is switched off costs
 * nothing. */
#ifndef LB_CONFIG_H
#define LB_CONFIG_H

#include "lb_kernel.h"

/* tools/abigen turns name, type, default and doc text of each into a property of DatapathConfig. */
#define LB_CONFIG(type, name, value, doc)                                                          \
	__weak const volatile type name __attribute__((btf_decl_tag("doc: " doc))) = value

LB_CONFIG(
	__u8, cfg_svc_stats, 1,
	"Count connections, datagrams and refusals per service port (lb_svc_stats): 1 on, 0 off.");
LB_CONFIG(__u32, cfg_services, 1024, "Elements of lb_svc_stats for each CPU.");
LB_CONFIG(__u8, cfg_traffic, 0,
	  "Count packets and bytes per service port and backend (lb_traffic): 1 on, 0 off.");
LB_CONFIG(__u32, cfg_backends, 1024, "Elements of lb_traffic for backends, for each CPU.");
LB_CONFIG(__u32, cfg_affinity_rows, 64, "Elements of lb_aff_rows.");
LB_CONFIG(__u8, cfg_set_retval, 1,
	  "The kernel has bpf_set_retval() in socket hooks (6.1): 1. 0: what is refused gets EPERM "
	  "from it, whatever the reason.");
LB_CONFIG(
	__u8, cfg_mptcp, 1,
	"The kernel has bpf_skc_to_mptcp_sock() (5.19, with CONFIG_MPTCP and BTF): 1. 0: "
	"getpeername() of an MPTCP socket shows the backend, and it is counted as open for ever.");
LB_CONFIG(__u8, cfg_check_frame, 1,
	  "Frames for other link addresses than the device's pass untouched: 1. 0: all are looked "
	  "at, as the packets of `ebpflb explain` are in no frame of a network.");
LB_CONFIG(__u8, cfg_xdp_generic, 0,
	  "XDP runs in generic mode, where every device sends frames: 1. 0: LB_DEVICE_XDP says.");
LB_CONFIG(__u32, cfg_xdp_bond, 0,
	  "A bond's interface index: by its driver it runs XDP at its ports, for which it stands "
	  "here. 0: packets come in by the device that the program was put at.");
LB_CONFIG(__u8, cfg_tunnel, 0,
	  "How packets of services with direct server return get to their backend's node (enum "
	  "lb_tunnel). 0: none is sent so, and none that come are opened.");
LB_CONFIG(__u16, cfg_tunnel_port, 6081, "UDP port of LB_TUNNEL_GENEVE, host order.");
LB_CONFIG(__u16, cfg_tunnel_mss, 0,
	  "Longest TCP segment that backends of this node announce to clients outside, of IPv4; 20 "
	  "less of IPv6. 0: as they do.");
LB_CONFIG(__u64, cfg_answer_gap_ns, 1000000000,
	  "Nanoseconds between ICMP errors to one address, after a burst of 6. 0: no limit.");
LB_CONFIG(__u64, cfg_answers_gap_ns, 1000000,
	  "Nanoseconds between ICMP errors of the node, and between its resets. 0: no limit.");
LB_CONFIG(__u32, cfg_answers_burst, 50,
	  "ICMP errors of the node at once; of resets it is a second's worth.");
LB_CONFIG(__u8, cfg_conntrack, 1,
	  "The kernel has bpf_skb_ct_lookup() (5.18, with nf_conntrack and its BTF): 1. 0: replies "
	  "to "
	  "masqueraded connections that use a NodePort's number are taken for its clients.");

#endif
