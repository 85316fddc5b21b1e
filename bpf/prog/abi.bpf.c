/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Keeps the enums of lb_abi.h in BTF: clang drops a type that no signature and no global mentions.
 */
#include "lb_abi.h"

enum lb_abi_version {
	LB_ABI_VERSION_CURRENT = LB_ABI_VERSION,
};

/* The tag makes it, with what maps hold, all that the agent knows of. */
struct abi_enums {
	enum lb_abi_version version;
	enum lb_service_flag service_flag;
	enum lb_scheduler scheduler;
	enum lb_backend_flag backend_flag;
	enum lb_client_kind client_kind;
	enum lb_sock_kind sock_kind;
	enum lb_reason reason;
	enum lb_node_addr_flag node_addr_flag;
	enum lb_device_flag device_flag;
	enum lb_setting setting;
	enum lb_ct_hook ct_hook;
	enum lb_ct_flag ct_flag;
	enum lb_ct_phase ct_phase;
	enum lb_ct_id ct_id;
	enum lb_ct_clock ct_clock;
	enum lb_guard_kind guard_kind;
	enum lb_udp_place udp_place;
	enum lb_front_way front_way;
	enum lb_tunnel tunnel;
	enum lb_trace_place trace_place;
	enum lb_trace_kind trace_kind;
	enum lb_trace_hook trace_hook;
	enum lb_trace_flag trace_flag;
	struct lb_event event; /* no map has it as its value */
	struct lb_trace trace;
	struct lb_stale_sock stale_sock;
} __attribute__((btf_decl_tag("abi")));

/* Nobody calls it, so it is never loaded. A new enum of lb_abi.h gets a member above. */
int abi_keep_enums(struct abi_enums *enums)
{
	return enums ? 0 : 1;
}
