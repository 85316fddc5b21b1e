/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How packets, connections and datagrams end; part of lb_abi.h. */
#ifndef LB_ABI_REASON_H
#define LB_ABI_REASON_H

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
	LB_SOCK_DROPPED =
		9, /* connect() or sendto() timed out at once: the traffic policy drops it */
	LB_SOCK_BIND_REFUSED = 10, /* bind() to a NodePort in use */
	LB_SOCK_UNKNOWN_PORT = 11, /* connect() or sendto() refused: no service has this port of the
				      ClusterIP */
	LB_SOCK_UNALLOCATED = 12,  /* connect() or sendto() timed out at once: no service has the
				      address */

	/* Packets. What is passed goes on untouched. */
	LB_PKT_PASSED = 16, /* no frontend, no flow of ours */
	LB_PKT_NEW = 17,    /* first packet of a flow: a backend was chosen (also counted below) */
	LB_PKT_TO_LOCAL = 18,	  /* to a backend of this node, through the stack */
	LB_PKT_TO_REMOTE = 19,	  /* to a backend elsewhere, sent out at once */
	LB_PKT_REPLY = 20,	  /* of a backend, back to its client */
	LB_PKT_ICMP = 21,	  /* ICMP error about a translated flow, translated */
	LB_PKT_REJECTED = 22,	  /* no endpoint: answered with RST or port unreachable */
	LB_PKT_TOO_BIG = 23,	  /* answered with "fragmentation needed" or "packet too big" */
	LB_PKT_TTL = 24,	  /* answered with "time exceeded" */
	LB_PKT_VLAN = 25,	  /* passed: tagged, the VLAN's own device will see it */
	LB_PKT_MALFORMED = 26,	  /* passed: cut short or not parsable */
	LB_PKT_FRAG_LOST = 27,	  /* passed: a fragment whose first one was not seen */
	LB_PKT_FRAG_WAIT = 28,	  /* a fragment sent round once more to wait for its first one */
	LB_PKT_REPLY_LOST = 29,	  /* passed: to a SNAT port of ours that no flow has */
	LB_PKT_UNKNOWN_PORT = 30, /* to a ClusterIP, but no port of its service: answered as
				     LB_PKT_REJECTED is */
	LB_PKT_UNTRANSLATED = 31, /* passed: leaves the node, to a ClusterIP, though no hook of ours
				     has translated it */

	LB_DROP_NO_LOCAL = 32,	   /* traffic policy Local, and no local endpoint */
	LB_DROP_RANGE = 33,	   /* source not in loadBalancerSourceRanges */
	LB_DROP_CT_FULL = 34,	   /* lb_conntrack is full of established flows */
	LB_DROP_SNAT_PORTS = 35,   /* no free SNAT port towards this backend was found */
	LB_DROP_NO_ROUTE = 36,	   /* no route to the backend or back to the client */
	LB_DROP_NO_SNAT_ADDR = 37, /* the device that leads to the backend has no address */
	LB_DROP_NO_FLOW = 38,	   /* RST to a frontend without a flow */
	LB_DROP_RACE = 39,	   /* the service changed under our eyes every time */
	LB_DROP_REWRITE = 40,	   /* the packet cannot be changed: no memory, or a first fragment
				      of SCTP, whose checksum is that of the whole */
	LB_DROP_LOOPBACK = 41,	   /* from outside to a loopback address */
	LB_DROP_UNALLOCATED = 42,  /* to an address of a service CIDR that no service has */

	LB_DROP_MARTIAN = 45, /* from an address that nobody can have (0/8, 127/8, ::, ::1, groups,
				 broadcasts), or from outside with an address of this node */

	LB_DROP_NO_PROGRAM = 46, /* the device that leads to a backend elsewhere has no program of
				    ours: replies to an address of the node would end there */

	LB_DROP_TUNNEL = 47, /* came in a tunnel from another node, to no frontend that a backend
				of this node serves */

	LB_CT_EVICTED = 48,	 /* a half-open or closed flow gave way to a new one */
	LB_CT_REBUILT = 49,	 /* one entry of a flow was lost and made again from the other */
	LB_CT_PORT_TAKEN = 50,	 /* the SNAT port of a closed flow was given to a new one */
	LB_CT_RACE = 51,	 /* two CPUs opened the same flow: the second joined the first */
	LB_EVENT_LOST = 52,	 /* lb_events was full: a drop was counted, no event written */
	LB_CT_PORT_TRACKED = 53, /* a free SNAT port was passed over, as netfilter has it */

	LB_CT_UDP_SHARE = 54, /* a UDP conversation is not protected, as UDP has its share of the
				 flow table */
	LB_ANSWER_LIMITED =
		55, /* a packet that was to be answered was not, for there were too many */

	/* Packets again. */
	LB_PKT_OTHER_HOST = 56, /* passed: in a frame for another machine, or for a group */

	LB_CT_PORT_MOVED = 57, /* a connection of the node's own, or one that netfilter masquerades,
				  began from a SNAT port of ours and has another one now */

	LB_PKT_XDP = 58, /* balanced in front of the stack (also counted as what it was) */

	LB_PKT_TO_NODE = 59,   /* to the node of its backend, in a tunnel (direct server return) */
	LB_PKT_FROM_NODE = 60, /* came in a tunnel from another node (also counted as what was in
				  it) */
	LB_PKT_TUNNEL_FOREIGN = 61, /* passed: in a tunnel to this node, from an address of no
				       node of the cluster */
	LB_PKT_UNTRACKED = 62,	    /* to the node of its backend, in a tunnel, and its flow has no
				       entry */

	LB_PKT_ASKED = 63, /* a SYN at a place of the table that has changed hands: to the node of
			      who had it before, or back from there, as it knows no such flow */

	LB_REASON_MAX = 64, /* size of lb_stats. All are used: the next reason makes it larger */
};

#endif
