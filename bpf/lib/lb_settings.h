/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the agent may change while programs run. */
#ifndef LB_SETTINGS_H
#define LB_SETTINGS_H

#include "lb_maps.h"

/* NULL only to satisfy the verifier. */
lb_inline const struct lb_settings *lb_settings_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&lb_settings, &zero);
}

#endif
