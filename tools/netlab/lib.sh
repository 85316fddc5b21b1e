# Labs of nodes, pods, a router and outside clients, for the demo and for a person to play in. Sourced by bash scripts.
#
#   client --- router --- bridge --- node --- pod, pod ...
#                               \--- node --- pod, pod ...
#
# Each is a network namespace. Clients and router are in no cgroup of a node: socket hooks do not reach them. A node routes
# between its pods and has a cgroup that holds all that runs on it and in them; pods hang on veth pairs with host routes and no
# bridge, as the ptp and Calico plugins do. The router knows the nodes, no pods and no ClusterIPs. Nothing leads out of the lab.
#
# A place is "router", "NODE", "NODE/POD" or "CLIENT"; $NETLAB_STATE/LAB/places has a line "KIND PLACE IPV4 IPV6" for each.

NETLAB_STATE=/run/ebpflb-netlab
NETLAB_PODS4=10.244.0.0/16 NETLAB_PODS6=fd00:10:244::/48
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

# netlab_cgroup LAB [NODE]: directory of the lab's cgroup; of a node's, which is where its agent's hooks go.
netlab_cgroup() {
	echo "$(netlab_cgroup2)/netlab-$1${2:+/$2}"
}

# netlab_netns LAB PLACE: name below /run/netns. A lab's name has no dot, so that names of labs never run into each other.
netlab_netns() {
	echo "netlab-$1.${2//\//.}"
}

# netlab_places LAB KIND: lines "PLACE IPV4 IPV6" of that kind (router, node, pod, client).
netlab_places() {
	awk -v kind="$2" '$1 == kind { print $2, $3, $4 }' "$NETLAB_STATE/$1/places"
}

# netlab_place LAB PLACE: "KIND IPV4 IPV6"
netlab_place() {
	local found
	found=$(awk -v place="$2" '$2 == place { print $1, $3, $4; exit }' "$NETLAB_STATE/$1/places" 2> /dev/null) || true
	[ -n "$found" ] || { echo "there is no $2 in lab $1: see 'tools/netlab/netlab list'" >&2; return 1; }
	echo "$found"
}

# netlab_add LAB KIND PLACE V4 V6: a namespace with a loopback device, noted in the lab's places.
netlab_add() {
	local lab=$1 kind=$2 place=$3 netns
	netns=$(netlab_netns "$lab" "$place")
	if netlab_place "$lab" "$place" > /dev/null 2>&1; then
		echo "lab $lab has a $place already" >&2
		return 1
	fi
	ip netns add "$netns"
	echo "$kind $place $4 $5" >> "$NETLAB_STATE/$lab/places"
	# Duplicate address detection would cost a second a device.
	netlab_sysctl "$netns" ipv6/conf/all/accept_dad=0 ipv6/conf/default/accept_dad=0 ipv6/conf/default/dad_transmits=0
	if [ "$kind" = router ] || [ "$kind" = node ]; then
		netlab_sysctl "$netns" ipv4/ip_forward=1 ipv6/conf/all/forwarding=1
	else
		netlab_sysctl "$netns" ipv4/ip_local_port_range='1024 65535'
	fi
	ip -n "$netns" link set lo up
}

# netlab_sysctl NETNS NAME=VALUE...: /proc/sys/net shows the namespace of the process that looks.
netlab_sysctl() {
	local netns=$1
	shift
	nsenter --net="/run/netns/$netns" -- sh -c 'for s; do echo "${s#*=}" > "/proc/sys/net/${s%%=*}"; done' sh "$@"
}

# netlab_lab LAB: the router, with a bridge for the nodes.
netlab_lab() {
	local lab=$1
	case "$lab" in
	'' | *[!A-Za-z0-9_-]*) echo "'$lab' is no name for a lab: use letters, digits, '-' or '_'" >&2; return 1 ;;
	esac
	mkdir -p "$NETLAB_STATE/$lab" "$(netlab_cgroup "$lab")/outside"
	netlab_add "$lab" router router 172.18.0.254 fd00:172:18::fe
	ip -n "$(netlab_netns "$lab" router)" -batch - <<-END
		link add nodes type bridge
		link set nodes up
		addr add 172.18.0.254/24 dev nodes
		addr add fd00:172:18::fe/64 dev nodes nodad
	END
}

# netlab_node LAB NODE: at most 12 characters, since to-NODE is a device of the router. It reaches the other nodes' pods directly.
netlab_node() {
	local lab=$1 node=$2 index router netns v4 v6 other number=0
	index=$(netlab_places "$lab" node | wc -l)
	v4=172.18.0.$((index + 1)) v6=fd00:172:18::$((index + 1))
	router=$(netlab_netns "$lab" router) netns=$(netlab_netns "$lab" "$node")
	mkdir -p "$(netlab_cgroup "$lab" "$node")/host"
	netlab_add "$lab" node "$node" "$v4" "$v6"
	# As distributions set them: NodePorts and SNAT ports lie outside of the local ports.
	netlab_sysctl "$netns" ipv4/conf/all/rp_filter=1 ipv4/ip_local_port_range='32768 60999'
	ip link add eth0 netns "$netns" type veth peer name "to-$node" netns "$router"
	ip -n "$router" link set "to-$node" master nodes up
	ip -n "$netns" -batch - <<-END
		link set eth0 up
		addr add $v4/24 dev eth0
		addr add $v6/64 dev eth0 nodad
		route add default via 172.18.0.254 dev eth0
		route add default via fd00:172:18::fe dev eth0
	END
	while read -r other other4 other6; do
		if [ "$number" -ne "$index" ]; then
			netlab_route_pods "$netns" "$number" "$other4" "$other6"
			netlab_route_pods "$(netlab_netns "$lab" "$other")" "$index" "$v4" "$v6"
		fi
		number=$((number + 1))
	done < <(netlab_places "$lab" node)
}

# netlab_range6 INDEX: start of the pods' IPv6 addresses on the node of that index, as programs print it.
netlab_range6() {
	[ "$1" -eq 0 ] && echo fd00:10:244 || echo "fd00:10:244:$1"
}

# netlab_route_pods NETNS INDEX V4 V6: the pods of the node of that index are behind these addresses.
netlab_route_pods() {
	ip -n "$1" route add "10.244.$2.0/24" via "$3"
	ip -n "$1" route add "$(netlab_range6 "$2")::/64" via "$4"
}

# netlab_pod LAB NODE POD: at most 13 characters, since p-POD is a device of the node.
netlab_pod() {
	local lab=$1 node=$2 pod=$3 index number v4 v6 from4 from6 netns on
	index=$(netlab_places "$lab" node | awk -v node="$node" '$1 == node { print NR - 1 }')
	read -r _ from4 from6 < <(netlab_place "$lab" "$node")
	[ -n "$index" ] || { echo "there is no node $node in lab $lab: see 'tools/netlab/netlab list'" >&2; return 1; }
	number=$((10 + $(netlab_places "$lab" pod | grep -c "^$node/" || true)))
	v4=10.244.$index.$number v6=$(netlab_range6 "$index")::$number
	netns=$(netlab_netns "$lab" "$node/$pod") on=$(netlab_netns "$lab" "$node")
	mkdir -p "$(netlab_cgroup "$lab" "$node")/pod-$pod"
	netlab_add "$lab" pod "$node/$pod" "$v4" "$v6"
	ip link add "p-$pod" netns "$on" type veth peer name eth0 netns "$netns"
	# The same gateway on every pod's device, as Calico has it: nothing depends on the range of the pods.
	ip -n "$on" -batch - <<-END
		link set p-$pod up
		addr add 169.254.1.1/32 dev p-$pod scope link
		addr add fe80::1/64 dev p-$pod nodad
		route add $v4/32 dev p-$pod src $from4
		route add $v6/128 dev p-$pod src $from6
	END
	ip -n "$netns" -batch - <<-END
		link set eth0 up
		addr add $v4/32 dev eth0
		addr add $v6/128 dev eth0 nodad
		route add 169.254.1.1 dev eth0 scope link
		route add default via 169.254.1.1 dev eth0
		route add default via fe80::1 dev eth0
	END
}

# netlab_client LAB CLIENT: at most 12 characters, since to-CLIENT is a device of the router. Each has a network of its own.
netlab_client() {
	local lab=$1 client=$2 number router netns v4 v6 gateway4 gateway6
	number=$(($(netlab_places "$lab" client | wc -l) + 1))
	v4=198.51.100.$((number * 4 + 2)) gateway4=198.51.100.$((number * 4 + 1))
	v6=2001:db8:100:$number::2 gateway6=2001:db8:100:$number::1
	router=$(netlab_netns "$lab" router) netns=$(netlab_netns "$lab" "$client")
	netlab_add "$lab" client "$client" "$v4" "$v6"
	ip link add eth0 netns "$netns" type veth peer name "to-$client" netns "$router"
	ip -n "$router" -batch - <<-END
		link set to-$client up
		addr add $gateway4/30 dev to-$client
		addr add $gateway6/64 dev to-$client nodad
	END
	ip -n "$netns" -batch - <<-END
		link set eth0 up
		addr add $v4/30 dev eth0
		addr add $v6/64 dev eth0 nodad
		route add default via $gateway4
		route add default via $gateway6
	END
}

# netlab_route LAB NODE PREFIX...: the router sends these (load balancer addresses, say) to that node.
netlab_route() {
	local lab=$1 v4 v6 prefix
	read -r _ v4 v6 < <(netlab_place "$lab" "$2")
	shift 2
	for prefix; do
		case "$prefix" in
		*:*) ip -n "$(netlab_netns "$lab" router)" route replace "$prefix" via "$v6" ;;
		*) ip -n "$(netlab_netns "$lab" router)" route replace "$prefix" via "$v4" ;;
		esac
	done
}

# netlab_exec LAB PLACE COMMAND...: runs there. The cgroup comes first, and nsenter is used because `ip netns exec` mounts a
# fresh /sys without cgroup2 and bpffs.
netlab_exec() {
	local lab=$1 place=$2 kind cgroup
	shift 2
	read -r kind _ < <(netlab_place "$lab" "$place") || return 1
	case "$kind" in
	node) cgroup=$(netlab_cgroup "$lab" "$place")/host ;;
	pod) cgroup=$(netlab_cgroup "$lab" "${place%/*}")/pod-${place#*/} ;;
	*) cgroup=$(netlab_cgroup "$lab")/outside ;;
	esac
	sh -c 'echo $$ > "$1/cgroup.procs" && shift && exec nsenter --net="$@"' sh "$cgroup" "/run/netns/$(netlab_netns "$lab" "$place")" -- "$@"
}

# netlab_spawn LAB PLACE LOG COMMAND...: the same in the background, output to LOG, process id to LOG.pid. It ends with the lab.
# Nothing of the caller's is held open, so that a pipe behind the caller ends with the caller.
netlab_spawn() {
	local lab=$1 place=$2 log=$3 fd
	shift 3
	(
		exec > "$log" 2>&1 < /dev/null
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"
		done
		netlab_exec "$lab" "$place" setsid sh -c 'echo $$ > "$0.pid" && exec "$@"' "$log" "$@"
	) &
}

# netlab_instance LAB NODE: the agent's instance on that node.
netlab_instance() {
	echo "netlab-$1-$2"
}

# netlab_down LAB AGENT: ends every process of the lab and removes what the functions above and the agents made.
netlab_down() {
	local lab=$1 agent=$2 cgroup netns node
	cgroup=$(netlab_cgroup "$lab")
	if [ -d "$cgroup" ]; then
		echo 1 > "$cgroup/cgroup.kill"
		while grep -q '^populated 1' "$cgroup/cgroup.events"; do sleep 0.02; done
		find "$cgroup" -depth -type d -exec rmdir {} +
	fi
	for netns in $(ip netns list | awk -v prefix="netlab-$lab." 'index($1, prefix) == 1 { print $1 }'); do
		ip netns del "$netns"
	done
	[ ! -e "$NETLAB_STATE/$lab/places" ] || while read -r node _; do
		[ ! -x "$agent" ] || "$agent" cleanup --instance "$(netlab_instance "$lab" "$node")" > /dev/null
	done < <(netlab_places "$lab" node)
	rm -rf "${NETLAB_STATE:?}/$lab"
}
