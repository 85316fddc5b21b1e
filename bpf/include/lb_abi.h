/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Every struct and enum that crosses between the BPF programs and the C# agent (with lb_abi_*.h);
 * tools/abigen reads it from BTF. */
#ifndef LB_ABI_H
#define LB_ABI_H

#include <linux/types.h>

#include "lb_abi_flow.h"
#include "lb_abi_node.h"
#include "lb_abi_reason.h"
#include "lb_abi_trace.h"

/* Hidden padding would make byte equality and value equality differ, so it is an error here. */
#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"

/* Raised whenever a struct below changes its meaning without changing its size. */
#define LB_ABI_VERSION 3

/* Key of lb_services4: what a client connects to. */
struct lb_frontend4 {
	__be32 addr;
	__be16 port;
	__u8 proto;
	__u8 pad; /* 0 */
};

/* Key of lb_services6. */
struct lb_frontend6 {
	__be32 addr[4];
	__be16 port;
	__u8 proto;
	__u8 pad; /* 0 */
};

/* A run of entries in lb_slots; for LB_SCHEDULER_MAGLEV `first` is a row of lb_maglev, `count` how
 * many places the table has. With LB_SERVICE_UNTRACKED at any frontend of the port, a second table
 * of the same size lies behind the Cluster list's: who was at each place before. With
 * LB_SERVICE_BETWEEN, LB_MAGLEV_BETWEEN more for each place lie behind that, in as many rows as
 * they need: those who had it since, the oldest first. */
struct lb_range {
	__u32 first;
	__u32 count;
};

enum lb_service_flag {
	LB_SERVICE_AFFINITY = 1, /* ClientIP session affinity, affinity_sec is its time-out */
	LB_SERVICE_EXTERNAL =
		2,		/* NodePort, external IP or LB VIP: the rules of external traffic */
	LB_SERVICE_LOCAL = 4,	/* this frontend's traffic policy is Local */
	LB_SERVICE_REMOTE = 8,	/* there are endpoints, only not in the list in force: drop,
				      do not reject */
	LB_SERVICE_RANGES = 16, /* only sources in lb_src_ranges4/6 may use it */
	LB_SERVICE_NODE_PORT = 32,
	LB_SERVICE_LB_VIP = 64,	  /* with EXTERNAL; without either it is an external IP */
	LB_SERVICE_UNKNOWN = 128, /* the key is a ClusterIP with port and protocol 0: what no other
				     key of the address names is refused (docs/contract.md 8) */
	LB_SERVICE_ON_DEVICE = 256, /* a ClusterIP that a device of this node has: the local
				       stack's, not ours */
	LB_SERVICE_DSR = 512,	    /* from outside to backends of other nodes by a tunnel: they see
				       their client, and answer it themselves */
	LB_SERVICE_UNTRACKED = 1024, /* with DSR: TCP flows into a tunnel have no entry as long as
					their place of the table says it all (lb_untracked.h) */
	LB_SERVICE_EMPTY = 2048,     /* the Cluster list has places, for what there is already, but
					nobody in them: what is new is refused */
	LB_SERVICE_BETWEEN = 4096,   /* with UNTRACKED: of a place more is known than who had it
					first and who has it */
};

/* In lb_service.flags from LB_SCHEDULER_SHIFT on: who of the list gets a new connection. */
enum lb_scheduler {
	LB_SCHEDULER_RANDOM = 0,
	LB_SCHEDULER_RR = 1,
	LB_SCHEDULER_WRR = 2,
	LB_SCHEDULER_LC = 3,
	LB_SCHEDULER_WLC = 4,
	LB_SCHEDULER_SH = 5,
	LB_SCHEDULER_DH = 6,
	LB_SCHEDULER_SED = 7,
	LB_SCHEDULER_NQ = 8,
	LB_SCHEDULER_MAGLEV = 9,
};

#define LB_SCHEDULER_SHIFT 16

/*
 * Value of lb_services4/6: one frontend of a service port. It is replaced whole by one map update:
 * that is the flip. A replaced hash element may be reused at once for another key, so a reader that
 * raced can find a foreign value, or half of one; `seal` (lb_service_seal() of key and value)
 * tells, and the reader looks up once more. A NodePort's key has the address 0 (::): it answers on
 * every address of lb_node_addrs that allows it.
 */
struct lb_service {
	__u32 seal;
	__u32 id;    /* service port id: index of lb_svc_stats, part of the affinity key, owner of
			slots and backends */
	__u32 flags; /* enum lb_service_flag, and enum lb_scheduler above */
	__u32 affinity_sec;
	struct lb_range cluster; /* the Cluster list (docs/contract.md 6) */
	struct lb_range local;	 /* the Local list */
};

/* Element of lb_slots. The service id unmasks a reader whose range was retired and reused. */
struct lb_slot {
	__u32 backend_id;
	__u32 service_id;
};

/* Places in a row of lb_maglev: a cache line. */
#define LB_MAGLEV_ROW 16

/* In a table of who was there before: nobody whose flows have no entry; but some flows have one. */
#define LB_MAGLEV_TRACKED 0xffffffffU

/* Of those who had a place between the first one and the one who has it now. */
#define LB_MAGLEV_BETWEEN 4

/* Element of lb_maglev: backend ids. Its owner is known by what they are (lb_backend.service_id).
 */
struct lb_maglev_row {
	__u32 backend_ids[LB_MAGLEV_ROW];
};

/* Value of lb_turns: connections that took their turn in each list of a service port. */
struct lb_turn {
	__u32 cluster;
	__u32 local;
};

enum lb_backend_flag {
	LB_BACKEND_IN_CLUSTER = 1, /* in the Cluster list of its service now */
	LB_BACKEND_IN_LOCAL = 2,   /* in the Local list of its service now */
	LB_BACKEND_LOCAL = 4,	   /* on this node */
	LB_BACKEND_KEEPS = 8,	   /* in no list, but what it has it keeps: UDP flows, sockets */
	LB_BACKEND_ON_WIRE = 16,   /* with LOCAL: its address is of an uplink's subnet, so its route
				      is asked: by an uplink, its replies may pass us by */
	LB_BACKEND_SERVES = 32,	   /* where tunnels lead to it: its endpoint serves, so its node
				      can be asked what it knows */
};

/* Element of lb_backends. A backend belongs to one service port, so an address may be here several
 * times. */
struct lb_backend {
	__be32 addr[4]; /* IPv4 as ::ffff:a.b.c.d */
	__be16 port;
	__u8 proto;
	__u8 family;	  /* 4 or 6 */
	__u32 service_id; /* 0: free entry (service ids start at 1) */
	__u32 flags;	  /* enum lb_backend_flag */
	__u16 weight;	  /* its share beside the others of its list; 0: it gets nothing new */
	__u16 reserved;	  /* 0 */
	__be32 node[4];	  /* of the node that it is on, where a tunnel ends; IPv4 as v4-mapped.
			     All 0: none is known */
};

/* Value of lb_load: the connections of one backend that go by this node. All CPUs change it. */
struct lb_load {
	__u32 active; /* begun and not ended */
	__u32 begun;  /* goes round */
};

/* Value of lb_scratch: of no meaning between two packets. */
struct lb_scratch {
	__u64 words[14];
	__be32 tunnel_from[4]; /* of a packet that came in a tunnel: who sent it, IPv4 as v4-mapped
				*/
	__u64 tunnel_turn;     /* enum lb_tunnel_turn of it */
	__u64 past[15];	       /* struct lb_past */
};

enum lb_client_kind {
	LB_CLIENT_NETNS = 1, /* client[0..1] is the network namespace cookie, for a socket whose
				address is not known yet */
	LB_CLIENT_ADDR = 2,  /* client[] is the source address, IPv4 as v4-mapped */
};

/* Value of lb_netns: what processes of a network namespace connect from unless they bind to another
 * address. All 0: none, or not known. */
struct lb_netns {
	__be32 addr4;
	__be32 addr6[4];
};

/* Key of lb_affinity. */
struct lb_aff_key {
	__u32 client[4];
	__u32 service_id;
	__u32 kind; /* enum lb_client_kind */
};

/* Value of lb_affinity. */
struct lb_aff {
	__u32 backend_id;
	__u32 pad;
	__u64 used_ns; /* CLOCK_MONOTONIC (coarse) of the last new connection */
};

/* Clients in a row of lb_aff_rows; a power of two. */
#define LB_AFF_SEATS 8

/* Element of lb_aff_rows: clients whose hashes agree. What lb_affinity does not have is free. */
struct lb_aff_row {
	struct lb_aff_key seats[LB_AFF_SEATS];
};

/* An address and port on the wire. */
struct lb_addr {
	__be32 addr[4]; /* IPv4 as v4-mapped */
	__be16 port;
	__u8 proto;
	__u8 pad; /* 0 */
};

/* In a stamp: the tick beside it is known. Ids are smaller than that. */
#define LB_STAMP_KNOWN 0x80000000

enum lb_sock_kind {
	LB_SOCK_CONNECTED = 1, /* by connect(): getpeername() shows the frontend */
	LB_SOCK_DATAGRAM = 2,  /* the last destination of an unconnected UDP socket */
};

/* Value of lb_sock (socket storage): what the socket asked for and what it got. */
struct lb_sock {
	struct lb_addr frontend;
	struct lb_addr backend;
	__u32 backend_id;
	__u32 service_id; /* LB_SOCK_DATAGRAM: the tick of the last datagram of this pair, with
			     LB_STAMP_KNOWN; without that it is an id, and the tick not known */
	__u16 kind;	  /* enum lb_sock_kind */
	__u16 many;	  /* 1: the socket has used other pairs too, they are in lb_udp_peer */
};

/* What iterators tell of a connected socket whose backend is gone. */
struct lb_stale_sock {
	__u64 cookie;		 /* of the socket */
	__u64 netns;		 /* cookie of its network namespace */
	struct lb_addr frontend; /* as struct lb_sock has them */
	struct lb_addr backend;
	__be32 source[4]; /* its own address, IPv4 as v4-mapped */
	__be16 source_port;
	__u16 family;	   /* AF_INET, AF_INET6: of the socket, whatever it is connected to */
	__u32 device;	   /* index of the device that it is bound to, or 0 */
	__u32 netns_inode; /* of its network namespace */
	__u32 service_id;
	__u32 backend_id;
	__u32 reserved; /* 0 */
};

/* Key of lb_udp_peer: whose answer this is, when an unconnected UDP socket talks to many. */
struct lb_peer {
	__u64 cookie; /* of the socket */
	struct lb_addr backend;
	__u32 pad; /* 0 */
};

/* Value of lb_udp_peer. */
struct lb_peer_asked {
	struct lb_addr frontend;
	__u32 stamp; /* tick of the last datagram of the pair, with LB_STAMP_KNOWN */
};

/* Value of lb_stats, per CPU. */
struct lb_stat {
	__u64 count;
	__u64 bytes;
};

/* Value of lb_svc_stats: of one service port on one CPU. */
struct lb_svc_stat {
	__u64 connections; /* TCP and connected UDP, begun */
	__u64 closed;	   /* of those, ended: the difference is what is active */
	__u64 datagrams;   /* of unconnected UDP sockets */
	__u64 refused;	   /* no endpoint */
};

/* Value of lb_traffic: of one service port or backend on one CPU. Bytes from the IP header on. */
struct lb_traffic {
	__u64 packets_in; /* from clients to backends */
	__u64 bytes_in;
	__u64 packets_out; /* replies */
	__u64 bytes_out;
};

/* Keys of lb_node_addrs4/6. */
struct lb_ip4 {
	__be32 addr;
};

struct lb_ip6 {
	__be32 addr[4];
};

enum lb_node_addr_flag {
	LB_NODE_ADDR_NODE_PORT = 1, /* NodePorts answer on it */
	LB_NODE_ADDR_BROADCAST = 2, /* no address of the node, but the broadcast of a subnet that it
				       is in: nobody's source */
};

/* Value of lb_node_addrs4/6: every address of this node's interfaces is there. 127/8 as a whole is
 * not: see LB_SET_LOOPBACK4. */
struct lb_node_addr {
	__u32 flags; /* enum lb_node_addr_flag */
};

/* Keys of lb_src_ranges4/6. */
struct lb_src_range4 {
	__u32 prefix_len; /* bits of what follows: 32 and those of the address */
	__u32 service_id;
	__be32 addr;
};

struct lb_src_range6 {
	__u32 prefix_len;
	__u32 service_id;
	__be32 addr[4];
};

/* Keys of lb_svc_cidrs4/6. */
struct lb_prefix4 {
	__u32 prefix_len;
	__be32 addr;
};

struct lb_prefix6 {
	__u32 prefix_len;
	__be32 addr[4];
};

/* The one element of lb_meta: tells the next agent whether these maps speak its language. */
struct lb_meta {
	__u64 abi; /* start of the fingerprint of this header's types, as the agent computes it from
		      BTF */
	__u32 version;	/* LB_ABI_VERSION */
	__u32 reserved; /* 0 */
};

#pragma clang diagnostic pop

#endif
