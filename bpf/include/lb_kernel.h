/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The kernel's side of the programs: uapi headers, helpers, and the constants that uapi headers do
 * not have. */
#ifndef LB_KERNEL_H
#define LB_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "lb_compiler.h"

#define AF_INET	     2
#define AF_INET6     10
#define IPPROTO_ICMP 1
#define IPPROTO_IPIP 4
#define IPPROTO_TCP  6
#define IPPROTO_UDP  17
#define IPPROTO_IPV6 41
#define IPPROTO_SCTP 132
#define ENOENT	     2
#define EEXIST	     17
#define EINVAL	     22
#define EALREADY     114
#define EADDRINUSE   98
#define ETIMEDOUT    110
#define ECONNREFUSED 111
#define EHOSTUNREACH 113
#define NSEC_PER_SEC 1000000000ULL

/* Verdicts of cgroup sock_addr programs. */
#define LB_SOCK_DENY  0
#define LB_SOCK_ALLOW 1

#endif
