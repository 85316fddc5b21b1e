/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* This node: its devices, the ways out, what the agent may change; part of lb_abi.h. */
#ifndef LB_ABI_NODE_H
#define LB_ABI_NODE_H

#include <linux/types.h>

#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"

enum lb_device_flag {
	LB_DEVICE_POD = 1,    /* pods are behind it: what comes in is theirs, and replies to it come
				 back    through us */
	LB_DEVICE_DETECT = 2, /* detectLocalMode by interface: its sources are pods */
	LB_DEVICE_BARE = 4,   /* no program of ours is there */
	LB_DEVICE_AWAY = 8,   /* with BARE: it leads to other nodes, so who is behind it has to be
				 asked from an address of the node */
	LB_DEVICE_ABOVE = 16, /* what comes in has come by another device with a program of ours
				 before: a bridge's port, a macvlan's lower device */
	LB_DEVICE_XDP = 32,   /* it sends frames that XDP programs of any device give it */
	LB_DEVICE_XDP_SEND = 64, /* by XDP_TX it sends its own. A veth does so only if its other end
				    has a program, too, and loses them else */
	LB_DEVICE_BRIDGE = 128,	 /* netfilter may have seen what comes in before us, at a port
				    (br_netfilter), and taken it for a connection to the frontend */
	LB_DEVICE_WRAPS = 256,	 /* a tunnel: what it puts around a packet may be sent in pieces */
};

/* Value of lb_devices; the key is the interface index. */
struct lb_device {
	__be32 snat4; /* source address of what leaves by it; 0: none */
	__be32 snat6[4];
	__u32 flags;   /* enum lb_device_flag */
	__u8 upper[6]; /* link address of a device above it without a program of ours, whose frames
			  are looked at here: its bridge, a macvlan. All 0: none */
	__u8 mac[6];   /* its own link address. All 0: it has none */
	__u32 lower; /* of a VLAN: the device that its frames leave by. 0: XDP writes no tags for it
		      */
	__be16 vlan; /* with it: the tag, of 802.1Q without a priority */
	__u16 pad;
};

/* Key of lb_vlans. */
struct lb_vlan {
	__u32 lower; /* the device that frames come in by; of a bond's port the bond */
	__be16 vlan; /* id, without priority */
	__u16 pad;
};

/* Places of lb_neighbours on each CPU. */
#define LB_NEIGHBOURS_LOG2 10

/* Places of lb_kept on each CPU. */
#define LB_KEPT_LOG2 8

/* How packets leave in front of the stack. */
enum lb_front_way {
	LB_FRONT_NONE = 0, /* not: they are for tc */
	LB_FRONT_SEND = 1, /* by XDP_TX where they came in */
	LB_FRONT_REDIRECT = 2,
};

/* Value of lb_neighbours: the link header of what came in by a device and goes to an address by
 * another. */
struct lb_neighbour {
	__be32 dst[4]; /* IPv4 as v4-mapped */
	__u32 iif;
	__u32 oif;
	__u32 tick;    /* in which all this was so, see LB_TICK_SHIFT */
	__u8 head[12]; /* of the frame: to whom, from whom */
	__u8 mac[6];   /* of the frame that came in: to whom */
	__u16 way;     /* enum lb_front_way */
	__u32 mtu;     /* of what goes there in a tunnel; 0: not asked */
	__u32 port;    /* the device that sends it: oif, or what a VLAN is on */
	__be16 vlan;   /* the frame's tag; 0: none */
	__u16 pad;
};

enum lb_setting {
	LB_SET_PODS4 = 1,	   /* pods4 tells pods from others (detectLocalMode by CIDR) */
	LB_SET_PODS6 = 2,	   /* the same for pods6 */
	LB_SET_PODS_DEVICE = 4,	   /* LB_DEVICE_DETECT tells */
	LB_SET_MASQUERADE_ALL = 8, /* SNAT all traffic to ClusterIPs */
	LB_SET_ALWAYS_SNAT = 16,   /* SNAT to local backends too where kube-proxy would */
	LB_SET_HOST_SOCKETS = 32,  /* socket hooks translate for the node's own processes only */
	LB_SET_PROTECT_PORTS = 64, /* bind() to a NodePort in use is refused */
	LB_SET_LOOPBACK4 = 128,	   /* NodePorts answer the node on 127.0.0.0/8 */
	LB_SET_LOOPBACK6 = 256,	   /* and on ::1 */
	LB_SET_EVENTS = 512,	   /* write drops to lb_events */
	LB_SET_SVC4 = 1024,	   /* svc4 is there */
	LB_SET_SVC6 = 2048,	   /* and svc6 */
	LB_SET_ABOVE = 4096,	   /* some device has LB_DEVICE_ABOVE */
	LB_SET_BRIDGE = 8192,	   /* some device has LB_DEVICE_BRIDGE */
};

/* Ranges of pods in each family. */
#define LB_POD_RANGES 8

/* The one element of lb_settings: what the agent may change while programs run. */
struct lb_settings {
	__u64 host_netns;      /* cookie of the node's network namespace */
	__u32 flags;	       /* enum lb_setting */
	__u32 ct_pending;      /* elements of lb_ct_pending */
	__u16 node_port_first; /* host order; no NodePort is below */
	__u16 node_port_last;  /* nor above; 0 when there is none */
	__u16 snat_port_first; /* host order, both inclusive */
	__u16 snat_port_last;
	/* Where fewer are known, the first is there again. */
	__be32 pods4[LB_POD_RANGES];
	__be32 pods4_mask[LB_POD_RANGES];
	__be32 pods6[LB_POD_RANGES][4];
	__be32 pods6_mask[LB_POD_RANGES][4];
	/* One prefix around all ClusterIPs and service CIDRs: what is outside pays for section 8 of
	 * the contract with this comparison alone. */
	__be32 svc4;
	__be32 svc4_mask;
	__be32 svc6[4];
	__be32 svc6_mask[4];
	/* The node's own address, where tunnels begin; all 0: it has none of the family. */
	__be32 node4;
	__be32 node6[4];
	__u32 reserved; /* 0 */
};

/* How packets of services with LB_SERVICE_DSR get to the node of their backend. */
enum lb_tunnel {
	LB_TUNNEL_NONE = 0, /* not; and none that come are opened */
	LB_TUNNEL_IPIP = 1,
	LB_TUNNEL_GENEVE = 2,
};

#pragma clang diagnostic pop

#endif
