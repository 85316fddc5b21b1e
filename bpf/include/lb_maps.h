/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Every map: key -> value, who writes, who reads, what full means. Sizes here are minimal; the
 * agent sets them. */
#ifndef LB_MAPS_H
#define LB_MAPS_H

#include "lb_abi.h"
#include "lb_kernel.h"
#include "lb_maps_event.h"

/* Frontends of IPv4. Written by the agent (the flip), read by every hook. Full: the agent names the
 * service left out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_frontend4);
	__type(value, struct lb_service);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_services4 __weak SEC(".maps");

/* Frontends of IPv6. As lb_services4. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_frontend6);
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

/* Maglev tables: a service's range holds its backends' ids, as the planner computed them. Written
 * by the agent through mmap, read by every hook. Full: the agent names the service left out. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_maglev_row);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_MMAPABLE);
} lb_maglev __weak SEC(".maps");

/* Backends by id. Written by the agent through mmap, read by every hook. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_backend);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_MMAPABLE);
} lb_backends __weak SEC(".maps");

/* Connections by backend id. Written by programs, and through mmap by the agent: 0 for a new id,
 * and for the flows that it ends. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_load);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_MMAPABLE);
} lb_load __weak SEC(".maps");

/* Service port id -> whose turn it is. Written by programs, for schedulers that go by turns. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_turn);
	__uint(max_entries, 1024);
} lb_turns __weak SEC(".maps");

/* What a program needs for one packet and has no stack for. Written and read by programs. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_scratch);
	__uint(max_entries, 1);
} lb_scratch __weak SEC(".maps");

/* ClientIP affinity. Written and read by programs. Never full while all its clients have seats in
 * lb_aff_rows, which has fewer; else the least recently used client is forgotten. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct lb_aff_key);
	__type(value, struct lb_aff);
	__uint(max_entries, 1024);
} lb_affinity __weak SEC(".maps");

/* Who is in lb_affinity, so that clients of one service do not push out those of another. Written
 * and read by programs. Full, a row of it: the service with most clients in it forgets one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_aff_row);
	__uint(max_entries, 64);
} lb_aff_rows __weak SEC(".maps");

/* Network namespace cookie -> its addresses: with it socket hooks know their clients as packets
 * show them. Written by the agent, read for services with affinity or source ranges. Full: the
 * agent says so; processes of what is left out are known by their namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct lb_netns);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
} lb_netns __weak SEC(".maps");

/* What a socket asked for and what it got. Lives and dies with the socket, so it is never full. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__type(key, int);
	__type(value, struct lb_sock);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} lb_sock __weak SEC(".maps");

/* Other frontends of unconnected UDP sockets that talk to several. Written and read by programs.
 * Full: the least recently used pair is forgotten, its late answers show the backend's address. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct lb_peer);
	__type(value, struct lb_peer_asked);
	__uint(max_entries, 1024);
} lb_udp_peer __weak SEC(".maps");

/* enum lb_reason -> count, per CPU. Written by programs, read by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_stat);
	__uint(max_entries, LB_REASON_MAX);
} lb_stats __weak SEC(".maps");

/* Service port id -> counters, cfg_services of them for the first CPU, as many for the next.
 * Written by programs (and zeroed by the agent for a new id), read by the agent through mmap. No
 * per-CPU array: the kernel makes those element by element, which took a sixth of a start. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct lb_svc_stat);
	__uint(max_entries, 65536);
} lb_svc_stats __weak SEC(".maps");

/* Service port id -> packets and bytes, cfg_services of them, and behind them backend id -> the
 * same, cfg_backends of them: for the first CPU, as many for the next. One element without
 * cfg_traffic. Written by programs (and zeroed by the agent for a new id), read by the agent
 * through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct lb_traffic);
	__uint(max_entries, 1);
} lb_traffic __weak SEC(".maps");

/* Service port id -> flows that ended without a program's doing: expired, or removed by the agent
 * or a command. With lb_svc_stat.closed, what is not open any more. Written by the agent through
 * mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_MMAPABLE);
} lb_svc_expired __weak SEC(".maps");

/* Addresses of this node's interfaces. Written by the agent, read when a destination port is a
 * NodePort's and for sources of new flows. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_ip4);
	__type(value, struct lb_node_addr);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_node_addrs4 __weak SEC(".maps");

/* As lb_node_addrs4. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_ip6);
	__type(value, struct lb_node_addr);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_node_addrs6 __weak SEC(".maps");

/* Nodes of the cluster (IPv4 as v4-mapped): whose tunnels are opened, and whose NodePorts are
 * asked for in them. Written by the agent, read for what comes in a tunnel. Full: the agent says
 * which is left out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_ip6);
	__type(value, __u32);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
} lb_nodes __weak SEC(".maps");

/* Sources that may use an LB VIP, for services with LB_SERVICE_RANGES. Written by the agent, read
 * for new flows. Full: the agent names the service left out. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct lb_src_range4);
	__type(value, __u32);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
} lb_src_ranges4 __weak SEC(".maps");

/* As lb_src_ranges4. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct lb_src_range6);
	__type(value, __u32);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
} lb_src_ranges6 __weak SEC(".maps");

/* The cluster's service CIDRs (ServiceCIDR objects): what no service has of them is dropped.
 * Written by the agent, read for new flows that meet nothing else. Full: the agent says which is
 * left out. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct lb_prefix4);
	__type(value, __u32);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
} lb_svc_cidrs4 __weak SEC(".maps");

/* As lb_svc_cidrs4. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct lb_prefix6);
	__type(value, __u32);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
} lb_svc_cidrs6 __weak SEC(".maps");

/* Interface index -> what new flows must know of a device. Written by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct lb_device);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_devices __weak SEC(".maps");

/* (device, tag) -> interface index of the VLAN whose frames come in so. Written by the agent, read
 * in front of the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_vlan);
	__type(value, __u32);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
} lb_vlans __weak SEC(".maps");

/* What the agent may change while programs run. Written by the agent, read by every hook. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_settings);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_settings __weak SEC(".maps");

/* Flows of IPv4, two entries each. Written by programs, collected by the agent. Not an LRU: under a
 * flood an LRU forgets established flows for new ones. Full: half-open and closed flows give way
 * (lb_ct_pending); when all are established, new flows are dropped and counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_ct_key4);
	__type(value, struct lb_ct4);
	__uint(max_entries, 1024);
} lb_conntrack4 __weak SEC(".maps");

/* Flows of IPv6. As lb_conntrack4. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_ct_key6);
	__type(value, struct lb_ct6);
	__uint(max_entries, 1024);
} lb_conntrack6 __weak SEC(".maps");

/* Two rings of flows that may be evicted, a third for half-open ones, the rest for closed ones:
 * each is written at the ring's cursor (the key of its request entry, IPv4 as v4-mapped, and the
 * tick); what was there is evicted if it still may be and had no packet since. So at most this many
 * flows are half-open or closed. Written by programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_ct_key6);
	__uint(max_entries, 768);
} lb_ct_pending __weak SEC(".maps");

/* Where the rings of lb_ct_pending are written next. Written by programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_ct_cursor);
	__uint(max_entries, 1);
} lb_ct_cursor __weak SEC(".maps");

/* How many UDP flows became open, and how many may: half of each family's table. Written by
 * programs (opened) and by the agent after each sweep (limit). Full: UDP flows that are asked again
 * stay what may be evicted. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} lb_udp_share __weak SEC(".maps");

/* Backends towards which source ports are used up, or nearly: a search through all of the range is
 * made once in a tick, others look at a few ports each. Written by programs. Full: the least
 * recently used is forgotten, and searched through once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct lb_snat_way);
	__type(value, struct lb_snat_full);
	__uint(max_entries, 1024);
} lb_snat_full __weak SEC(".maps");

/* What backends in TIME_WAIT remember of the last connection from a source port. The place is hash
 * of address and backend plus port. Written by programs. Full: a place is taken over. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_snat_guard);
	__uint(max_entries, LB_SNAT_GUARDS);
} lb_snat_guard __weak SEC(".maps");

/* Addresses that packets of ours go to. Written by programs and, through mmap, by the agent, which
 * makes it anew now and then. Full: all packets are looked at. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, LB_FILTER_SIZE);
	__uint(map_flags, BPF_F_MMAPABLE);
} lb_filter __weak SEC(".maps");

/* Ports of datagrams under way in fragments. Written by programs. Full: the oldest is forgotten. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct lb_frag_key);
	__type(value, struct lb_frag);
	__uint(max_entries, 1024);
} lb_frags __weak SEC(".maps");

/* Client's address (IPv4 as v4-mapped) -> when its next burst of ICMP errors is full
 * (CLOCK_MONOTONIC, coarse). Written by programs. Full: the least recently used is forgotten, and
 * has a burst again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct lb_ip6);
	__type(value, __u64);
	__uint(max_entries, 4096);
} lb_answers __weak SEC(".maps");

/* The same for all ICMP errors of the node, and for all resets. Written by programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 2);
} lb_answer_rate __weak SEC(".maps");

/* Hash of address and devices -> how packets leave to it in front of the stack; one takes the place
 * of another. Written by programs. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_neighbour);
	__uint(max_entries, 1 << LB_NEIGHBOURS_LOG2);
} lb_neighbours __weak SEC(".maps");

/* Hash of a neighbour's link address -> address and tick of the last packet that was left to the
 * kernel for its sake. Written by programs. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1 << LB_KEPT_LOG2);
} lb_kept __weak SEC(".maps");

/* What made these maps. Written and read by the agent only, when it loads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_meta);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} lb_meta __weak SEC(".maps");

#endif
