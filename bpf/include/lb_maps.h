/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Every map: key -> value, who writes, who reads, what full means. Sizes here are minimal; the
 * agent sets them. */
#ifndef LB_MAPS_H
#define LB_MAPS_H

#include "lb_abi.h"
#include "lb_kernel.h"

/* Frontends of IPv4. Written by the agent (the flip), read by every hook. Full: the agent names the
 * service left out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_fe4);
	__type(value, struct lb_service);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_services4 __weak SEC(".maps");

/* Frontends of IPv6. As lb_services4. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_fe6);
	__type(value, struct lb_service);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_services6 __weak SEC(".maps");

/* Backend lists: a service's range holds its backends' ids. Written by the agent through mmap, read
 * by every hook. Not BPF_F_RDONLY_PROG: the kernel refuses to map such an array for writing. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_slot);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_MMAPABLE);
} lb_slots __weak SEC(".maps");

/* Backends by id. Written by the agent through mmap, read by every hook. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_backend);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_MMAPABLE);
} lb_backends __weak SEC(".maps");

/* ClientIP affinity. Written and read by programs. Full: the least recently used client is
 * forgotten. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct lb_aff_key);
	__type(value, struct lb_aff);
	__uint(max_entries, 1024);
} lb_affinity __weak SEC(".maps");

/* What a socket asked for and what it got. Lives and dies with the socket, so it is never full. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__type(key, int);
	__type(value, struct lb_sock);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} lb_sock __weak SEC(".maps");

/*
 * Other frontends of unconnected UDP sockets that talk to several. Written and read by programs.
 * Full: the least recently used pair is forgotten, its late answers show the backend's address.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct lb_peer);
	__type(value, struct lb_addr);
	__uint(max_entries, 1024);
} lb_udp_peer __weak SEC(".maps");

/* enum lb_reason -> count, per CPU. Written by programs, read by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_stat);
	__uint(max_entries, LB_REASON_MAX);
} lb_stats __weak SEC(".maps");

/* Service port id -> counters, per CPU. Written by programs (and zeroed by the agent for a new id),
 * read by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_svc_stat);
	__uint(max_entries, 1024);
} lb_svc_stats __weak SEC(".maps");

/* What made these maps. Written and read by the agent only, when it loads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_meta);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_meta __weak SEC(".maps");

#endif
