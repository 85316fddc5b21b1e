# Nodes and pods as network namespaces and cgroups, for the demo and for a person to play in. Sourced by bash scripts.
#
# A node is a namespace that routes between its pods and a cgroup that holds all of them. Pods hang on veth pairs with host
# routes and no bridge, as the ptp and Calico plugins do. There is no route out of the node.

NETLAB_STATE=/run/ebpflb-netlab
PATH="$PATH:/usr/sbin:/sbin"

# Where cgroup2 is mounted: on hybrid hosts that is /sys/fs/cgroup/unified; a host without it gets a mount.
netlab_cgroup2() {
	local found
	found=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i+1) == "cgroup2" && $4 == "/") { print $5; exit } }' /proc/self/mountinfo)
	if [ -z "$found" ]; then
		found=/run/ebpflb-cgroup2
		mkdir -p "$found"
		mount -t cgroup2 none "$found"
	fi
	echo "$found"
}

# Directory of a node's cgroup.
netlab_cgroup() {
	echo "$(netlab_cgroup2)/netlab-$1"
}

# /proc/sys/net shows the namespace of the process; duplicate address detection would cost a second a pod.
netlab_sysctl() {
	local netns=$1
	shift
	nsenter --net="/run/netns/$netns" -- sh -c 'for s; do echo "${s#*=}" > "/proc/sys/net/${s%%=*}"; done' sh \
		ipv6/conf/all/accept_dad=0 ipv6/conf/default/accept_dad=0 ipv6/conf/default/dad_transmits=0 "$@"
}

# netlab_node NODE V4 V6
netlab_node() {
	local node=$1 v4=$2 v6=$3
	mkdir -p "$NETLAB_STATE/$node" "$(netlab_cgroup "$node")/host"
	ip netns add "netlab-$node"
	netlab_sysctl "netlab-$node" ipv4/ip_forward=1 ipv6/conf/all/forwarding=1 \
		ipv4/conf/all/rp_filter=0 ipv4/conf/default/rp_filter=0
	ip -n "netlab-$node" -batch - <<-END
		link set lo up
		addr add $v4/32 dev lo
		addr add $v6/128 dev lo nodad
	END
	echo "$v4 $v6" > "$NETLAB_STATE/$node/address"
}

# netlab_pod NODE POD V4 V6 (the name has at most 13 characters: p-POD is a device on the node)
netlab_pod() {
	local node=$1 pod=$2 v4=$3 v6=$4 from4 from6
	local netns=netlab-$node-$pod
	read -r from4 from6 < "$NETLAB_STATE/$node/address"
	mkdir -p "$(netlab_cgroup "$node")/pod-$pod"
	ip netns add "$netns"
	netlab_sysctl "$netns" ipv4/ip_local_port_range='1024 65535'
	ip link add "p-$pod" netns "netlab-$node" type veth peer name eth0 netns "$netns"
	ip -n "netlab-$node" -batch - <<-END
		link set p-$pod up
		addr add 169.254.1.1/32 dev p-$pod scope link
		addr add fe80::1/64 dev p-$pod nodad
		route add $v4/32 dev p-$pod src $from4
		route add $v6/128 dev p-$pod src $from6
	END
	ip -n "$netns" -batch - <<-END
		link set lo up
		link set eth0 up
		addr add $v4/32 dev eth0
		addr add $v6/128 dev eth0 nodad
		route add 169.254.1.1 dev eth0 scope link
		route add default via 169.254.1.1 dev eth0
		route add default via fe80::1 dev eth0
	END
	echo "$pod $v4 $v6" >> "$NETLAB_STATE/$node/pods"
}

# netlab_exec NODE POD COMMAND...: runs in the pod ("host": the node itself). The cgroup comes first, and nsenter is used
# because `ip netns exec` mounts a fresh /sys without cgroup2 and bpffs.
netlab_exec() {
	local node=$1 pod=$2 cgroup netns
	shift 2
	if [ "$pod" = host ]; then
		netns=netlab-$node cgroup=$(netlab_cgroup "$node")/host
	else
		netns=netlab-$node-$pod cgroup=$(netlab_cgroup "$node")/pod-$pod
	fi
	[ -e "/run/netns/$netns" ] || { echo "there is no pod $pod on node $node: see 'tools/netlab/netlab list'" >&2; return 1; }
	sh -c 'echo $$ > "$1/cgroup.procs" && shift && exec nsenter --net="$@"' sh "$cgroup" "/run/netns/$netns" -- "$@"
}

# netlab_spawn NODE POD LOG COMMAND...: the same in the background, output to a file. It ends with the node.
netlab_spawn() {
	local node=$1 pod=$2 log=$3
	shift 3
	netlab_exec "$node" "$pod" setsid "$@" > "$log" 2>&1 < /dev/null &
}

# netlab_down NODE: ends every process in the node's cgroup and removes what netlab_node and netlab_pod made.
netlab_down() {
	local node=$1 cgroup netns
	cgroup=$(netlab_cgroup "$node")
	if [ -d "$cgroup" ]; then
		echo 1 > "$cgroup/cgroup.kill"
		while grep -q '^populated 1' "$cgroup/cgroup.events"; do sleep 0.02; done
		find "$cgroup" -depth -type d -exec rmdir {} +
	fi
	for netns in $(ip netns list | awk -v p="netlab-$node" '$1 == p || index($1, p "-") == 1 { print $1 }'); do
		ip netns del "$netns"
	done
	rm -rf "${NETLAB_STATE:?}/$node"
}
