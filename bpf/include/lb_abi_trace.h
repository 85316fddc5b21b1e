/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Traces of flows that begin and end; part of lb_abi.h. */
#ifndef LB_ABI_TRACE_H
#define LB_ABI_TRACE_H

#include <linux/types.h>

#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"

/* Places of lb_tracing. */
enum lb_trace_place {
	LB_TRACE_SERVICES = 0, /* whose flows are traced: a bit for each low part of a service port
				  id (LB_TRACE_BITS); 0: none */
	LB_TRACE_UNTIL = 1,    /* the tick from which on none are, whatever the bits say */
	LB_TRACE_LOST = 2,     /* traces for which lb_traces had no room */
};

#define LB_TRACE_BITS 64

/* What has happened. */
enum lb_trace_kind {
	LB_TRACE_OPENED = 1,	/* a packet began a flow, which has its entries now */
	LB_TRACE_UNTRACKED = 2, /* a packet began a flow that has no entry (lb_untracked.h) */
	LB_TRACE_CONNECTED = 3, /* connect() was sent to a backend */
	LB_TRACE_SENT = 4,	/* the first datagram of an unconnected socket to a backend */
	LB_TRACE_CLOSED = 5,	/* FINs of both sides; of a socket: closed */
	LB_TRACE_RESET = 6,	/* a RST or ABORT */
	LB_TRACE_RESUMED = 7,	/* goes on after all: the RST was none of its sender's */
};

enum lb_trace_hook {
	LB_TRACE_AT_ANY = 0, /* not told: of the end of a flow */
	LB_TRACE_AT_TC = 1,
	LB_TRACE_AT_XDP = 2,
	LB_TRACE_AT_SOCKET = 3,
};

enum lb_trace_flag {
	LB_TRACE_TO_NODE = 1,	/* packets go in a tunnel to `node` */
	LB_TRACE_FROM_NODE = 2, /* the packet came in a tunnel from `node` */
};

/* Record of lb_traces. Addresses: IPv4 as v4-mapped; all 0, or 0.0.0.0: not known. */
struct lb_trace {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 cookie;  /* of the socket; 0: a packet's flow */
	__be32 client[4];
	__be32 frontend[4];
	__be32 backend[4];
	__be32 source[4]; /* what the backend sees; of sockets all 0 */
	__be32 node[4];	  /* see enum lb_trace_flag */
	__be16 client_port;
	__be16 frontend_port;
	__be16 backend_port;
	__be16 source_port;
	__u32 service_id;
	__u32 backend_id;
	__u32 iif; /* where the packet came in */
	__u32 oif; /* where it leaves; 0: the stack decides */
	__u32 pid; /* of sockets: the process that called; 0: not known */
	__u8 proto;
	__u8 kind;	  /* enum lb_trace_kind */
	__u8 hook;	  /* enum lb_trace_hook */
	__u8 flags;	  /* enum lb_trace_flag */
	__u8 process[16]; /* and its name */
};

#pragma clang diagnostic pop

#endif
