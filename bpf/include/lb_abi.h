/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Every struct and enum that crosses between the BPF programs and the C# agent; tools/abigen reads
 * it from BTF. */
#ifndef LB_ABI_H
#define LB_ABI_H

#include <linux/types.h>

/* Hidden padding would make byte equality and value equality differ, so it is an error here. */
#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"

/* Raised whenever a struct below changes its meaning without changing its size. */
#define LB_ABI_VERSION 1

/* Key of lb_services4: what a client connects to. */
struct lb_fe4 {
	__be32 addr;
	__be16 port;
	__u8 proto;
	__u8 pad; /* 0 */
};

/* Key of lb_services6. */
struct lb_fe6 {
	__be32 addr[4];
	__be16 port;
	__u8 proto;
	__u8 pad; /* 0 */
};

/* A run of entries in lb_slots. */
struct lb_range {
	__u32 first;
	__u32 count;
};

enum lb_service_flag {
	LB_SERVICE_AFFINITY = 1, /* ClientIP session affinity, affinity_sec is its time-out */
};

/*
 * Value of lb_services4/6: one frontend of a service port. It is replaced whole by one map update:
 * that is the flip. A replaced hash element may be reused at once for another key, so a reader that
 * raced can find a foreign value; `check` (lb_fe_check() of the key) tells, and the reader looks up
 * once more.
 */
struct lb_service {
	__u32 check;
	__u32 id;    /* service port id: index of lb_svc_stats, part of the affinity key, owner of
			slots and backends */
	__u32 flags; /* enum lb_service_flag */
	__u32 affinity_sec;
	struct lb_range backends; /* count 0: refuse */
	__u32 reserved[2];	  /* 0 */
};

/* Element of lb_slots. The service id unmasks a reader whose range was retired and reused. */
struct lb_slot {
	__u32 backend_id;
	__u32 service_id;
};

enum lb_backend_flag {
	LB_BACKEND_LIVE =
		1, /* in the list of its service now: affinity and UDP stickiness may choose it */
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
	__u32 reserved;	  /* 0 */
};

enum lb_client_kind {
	LB_CLIENT_NETNS = 1, /* client[0..1] is the network namespace cookie: all sockets of a pod
				are one client */
	LB_CLIENT_ADDR = 2,  /* client[] is the source address, IPv4 as v4-mapped */
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

/* An address and port on the wire. */
struct lb_addr {
	__be32 addr[4]; /* IPv4 as v4-mapped */
	__be16 port;
	__u8 proto;
	__u8 pad; /* 0 */
};

enum lb_sock_kind {
	LB_SOCK_CONNECTED = 1, /* by connect(): getpeername() shows the frontend */
	LB_SOCK_DATAGRAM = 2,  /* the last destination of an unconnected UDP socket */
};

/* Value of lb_sock (socket storage): what the socket asked for and what it got. */
struct lb_sock {
	struct lb_addr frontend;
	struct lb_addr backend;
	__u32 backend_id;
	__u32 service_id;
	__u16 kind; /* enum lb_sock_kind */
	__u16 many; /* 1: the socket has used other pairs too, they are in lb_udp_peer */
};

/* Key of lb_udp_peer: whose answer this is, when an unconnected UDP socket talks to many. Value:
 * struct lb_addr. */
struct lb_peer {
	__u64 cookie; /* of the socket */
	struct lb_addr backend;
	__u32 pad; /* 0 */
};

/* Why a packet, connection or datagram ended as it did; indexes lb_stats. Numbers are never reused.
 */
enum lb_reason {
	LB_REASON_NONE = 0,
	LB_SOCK_TRANSLATED = 1,	  /* connect() sent to a backend */
	LB_SOCK_REFUSED = 2,	  /* connect() or sendto() refused: the service has no endpoint */
	LB_SOCK_AFFINITY_HIT = 3, /* the remembered backend was taken */
	LB_SOCK_RACE = 4,	  /* a reader met a half-updated service and looked again */
	LB_SOCK_RACE_LOST = 5, /* it met one every time: refused, never sent to a foreign backend */
	LB_SOCK_NO_STORAGE =
		6, /* no memory to remember a socket's frontend: getpeername() shows the backend */
	LB_UDP_TRANSLATED = 7, /* datagram of an unconnected socket sent to a backend */
	LB_UDP_REVERSED = 8,   /* source of an answer put back to the frontend */
	LB_REASON_MAX =
		16, /* size of lb_stats; room so that a new reason does not change the map */
};

/* Value of lb_stats, per CPU. */
struct lb_stat {
	__u64 count;
	__u64 bytes;
};

/* Value of lb_svc_stats, per CPU; index is the service port id. */
struct lb_svc_stat {
	__u64 connections; /* TCP and connected UDP, begun */
	__u64 closed;	   /* of those, ended: the difference is what is active */
	__u64 datagrams;   /* of unconnected UDP sockets */
	__u64 refused;	   /* no endpoint */
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
