/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Conntrack, fragments and events; part of lb_abi.h. */
#ifndef LB_ABI_FLOW_H
#define LB_ABI_FLOW_H

#include <linux/types.h>

#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"

enum lb_ct_hook {
	LB_CT_INGRESS = 0, /* looked for where packets come in */
	LB_CT_EGRESS = 1,  /* looked for where packets leave: replies of local backends */
};

/* Keys of lb_conntrack4/6: the packet as it is when the hook sees it. */
struct lb_ct_key4 {
	__be32 src;
	__be32 dst;
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 hook; /* enum lb_ct_hook */
	__u16 pad; /* 0 */
};

struct lb_ct_key6 {
	__be32 src[4];
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 hook;
	__u16 pad; /* 0; in lb_ct_pending the tick in which it was written */
};

enum lb_ct_flag {
	LB_CT_REPLY = 1,  /* from the backend to the client; without it: from the client */
	LB_CT_SNAT = 2,	  /* the flow's source is changed too, both entries are LB_CT_INGRESS */
	LB_CT_STACK = 4,  /* after the rewriting the packet goes on through the stack */
	LB_CT_DIRECT = 8, /* with SNAT: the backend is on this node and reached by its device at
			     once. Without: the packet goes to the backend's node in a tunnel,
			     untranslated, and there is no reply entry */
	LB_CT_FIN = 16,	  /* a FIN (SCTP: SHUTDOWN, its ACK) was seen in this entry's direction */
	LB_CT_AFFINITY = 32, /* session affinity is to remember the client; a reply entry has it
				until that is done */
	LB_CT_RST = 64,	     /* a RST (SCTP: ABORT) was seen in this entry's direction */
	LB_CT_UNACKED = 128, /* TCP: data went in this entry's direction, and for seconds nothing in
				the other one. UDP: this and 64 are a number, ticks since the first
				question (lb_ct_udp.h) */
};

/* They rise, but for LB_CT_RESET. */
enum lb_ct_phase {
	LB_CT_NEW = 1,	    /* no answer seen: may be evicted for a newer one */
	LB_CT_ANSWERED = 2, /* TCP: SYN+ACK seen, SCTP: INIT ACK; UDP: a question was answered. May
			       be evicted */
	LB_CT_OPEN = 3,	    /* TCP, SCTP: handshake complete; UDP: answered, and asked again later
			       than 2 s after the first question */
	LB_CT_CLOSING = 4,  /* a FIN or SHUTDOWN seen from one side */
	LB_CT_CLOSED = 5,   /* from both, or a RST before it was open: may be evicted, its SNAT port
			       be taken */
	LB_CT_RESET = 6, /* was open, and a RST or ABORT was seen. It may be a forgery: as closed,
			    but it lives longer, and is open again when the side goes on that
			    is said to have ended it */
};

enum lb_ct_id {
	LB_CT_ID_BITS = 24,
};

/* What both families' conntrack entries have. Ids take LB_CT_ID_BITS each; what stands above them
 * is the entry's seal (lb_ct_seal.h), its low byte above the service's. */
struct lb_ct_state {
	__u32 oif; /* where the packet leaves; reply: where the request came in. 0: the stack
		      decides */
	__u32 service_id;
	__u32 backend_id;
	__u32 tick; /* of the last packet, see LB_TICK_SHIFT */
	__u16 mtu;  /* of the route, 0: not known (LB_CT_STACK) */
	__u8 phase; /* enum lb_ct_phase */
	__u8 flags; /* enum lb_ct_flag */
};

/* Ticks are CLOCK_MONOTONIC (coarse) nanoseconds shifted right: 1.07 s each. */
enum lb_ct_clock {
	LB_TICK_SHIFT = 30,
};

/*
 * Values of lb_conntrack4/6: the packet as it leaves. The other entry of a flow follows from this
 * one: its key is this value turned round, its value this key turned round.
 */
struct lb_ct4 {
	__be32 src;
	__be32 dst;
	__be16 sport;
	__be16 dport;
	struct lb_ct_state state;
};

struct lb_ct6 {
	__be32 src[4];
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	struct lb_ct_state state;
};

/* Places of lb_udp_share. */
enum lb_udp_place {
	LB_UDP_OPENED4 = 0, /* UDP flows of IPv4 that became LB_CT_OPEN so far */
	LB_UDP_OPENED6 = 1,
	LB_UDP_LIMIT4 = 2, /* at that many no more do; 0: not known yet */
	LB_UDP_LIMIT6 = 3,
};

/* The one element of lb_ct_cursor. */
struct lb_ct_cursor {
	__u64 half_open; /* flows written to each of the two rings so far */
	__u64 closed;
};

/* Key of lb_snat_full: between whom source ports are searched for. Addresses: IPv4 as v4-mapped. */
struct lb_snat_way {
	__be32 src[4]; /* whose ports */
	__be32 dst[4]; /* the backend */
	__be16 dport;
	__u8 proto;
	__u8 pad; /* 0 */
};

/* Value of lb_snat_full: a search that was long. */
struct lb_snat_full {
	__u32 tick; /* to its end searches are short */
	__u32 next; /* place in the range where they go on */
};

/* lb_filter: the bank in use (1 or 2; 0: none); the low bits of the hashes of frontends with
 * LB_SERVICE_UNTRACKED, a bit each; then the banks, each a bitmap of addresses' hashes. */
#define LB_FILTER_UNTRACKED 1
#define LB_FILTER_BITS_LOG2 20
#define LB_FILTER_WORDS	    (1 << (LB_FILTER_BITS_LOG2 - 6))
#define LB_FILTER_FIRST	    8
#define LB_FILTER_SIZE	    (LB_FILTER_FIRST + 2 * LB_FILTER_WORDS)

/* Places of lb_snat_guard: the ports of one address towards one backend have one each. */
#define LB_SNAT_GUARDS 65536

enum lb_guard_kind {
	LB_GUARD_NONE = 0,
	LB_GUARD_SEQUENCE = 1, /* TCP sequence number */
	LB_GUARD_STAMP = 2,    /* TCP timestamp */
};

/* Value of lb_snat_guard: the end of the last connection from a source port. */
struct lb_snat_guard {
	__u32 way;   /* hash of struct lb_snat_way */
	__u32 clock; /* of the client's FIN, host order */
	__u32 tick;  /* of then */
	__u32 kind;  /* enum lb_guard_kind */
};

/* Key of lb_frags. */
struct lb_frag_key {
	__be32 src[4]; /* IPv4 as v4-mapped */
	__be32 dst[4];
	__u32 id; /* as on the wire */
	__u8 proto;
	__u8 pad[3]; /* 0 */
};

/* Value of lb_frags: what only the first fragment says. */
struct lb_frag {
	__be16 sport;
	__be16 dport;
};

/* Record of lb_events: a dropped packet. */
struct lb_event {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__be32 src[4]; /* IPv4 as v4-mapped */
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 pad;
	__u16 reason; /* enum lb_reason */
	__u32 ifindex;
	__u32 len; /* bytes, from the IP header on */
	__u32 service_id;
	__u32 reserved; /* 0 */
};

#pragma clang diagnostic pop

#endif
