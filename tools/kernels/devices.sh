#!/usr/bin/env bash
# Real agents on nodes whose uplink is a veth, a bond, a VLAN or both, or a (virtio) network card, at tc alone and with XDP, in a netlab lab as the demo's:
# two backends on the node, one on another node, a client outside. Usage: devices.sh [UPLINK/XDP...], all by default.
# Each case prints a line "case UPLINK XDP ANSWERED FAILED KEPT ENDED VERIFY|WHAT STATUS SAYS" with tabs in between;
# ends with 1 when a connection failed, an answer was wrong, or `ebpflb verify` found a difference.
set -euo pipefail
cd "$(dirname "$0")/../.."
DEMO_LAB=devices
source tools/kernels/lab.sh

shapes=(veth bond-active-backup bond-balance-rr bond-802.3ad vlan veth+vlan vlan-bond card card+vlan card-vlan)
wanted=("$@")
id=7

# offload PLACE DEVICE WHAT: the device's, as ethtool -K has them.
offload() {
	nsenter --net="/run/netns/$(netlab_netns "$lab" "$1")" -- ethtool -K "$2" "${@:3}" > /dev/null
}

# cards: eth0 of node-1 and the other end, trunk, are network cards on one wire; those of the shape before have nothing left on them.
cards() {
	local node router leg
	node=$(netlab_netns "$lab" node-1) router=$(netlab_netns "$lab" router)
	for leg in /sys/class/net/*; do
		[ "$(basename "$(readlink -f "$leg/device/driver")")" = virtio_net ] || continue
		case $(cat "$leg/address") in
		*1) ip link set "${leg##*/}" netns "$node" name eth0 ;;
		*2) ip link set "${leg##*/}" netns "$router" name trunk ;;
		esac
	done
	ip -n "$node" link del eth0.$id 2> /dev/null || true
	ip -n "$router" link del to-node-1.$id 2> /dev/null || true
	# Routes of IPv6 outlive their addresses.
	ip -n "$node" link set eth0 down
	ip -n "$node" addr flush dev eth0
	ip -n "$router" link set trunk nomaster
}

# uplink SHAPE: gives node-1 an uplink of that shape in the place of the one it has; `device` is the one with the addresses.
uplink() {
	local node router leg below device mode=active-backup options= pod v4 v6
	node=$(netlab_netns "$lab" node-1) router=$(netlab_netns "$lab" router)
	for leg in $(ip -n "$router" -o link show | sed -nE 's/^[0-9]+: (to-node-1[a-z.]*|trunk)[@:].*/\1/p'); do
		ip -n "$router" link del "$leg" 2> /dev/null || true
	done
	for leg in $(ip -n "$node" -o link show | sed -nE 's/^[0-9]+: (bond0)[@:].*/\1/p'); do ip -n "$node" link del "$leg"; done
	case $1 in bond-*) mode=${1#bond-} ;; esac
	case $1 in
	*bond*)
		below=bond0
		# MII every 20 ms, so that a port that goes is noticed at once; LACP each second instead of each half a minute.
		[ "$mode" != 802.3ad ] || options="lacp_rate fast xmit_hash_policy layer3+4"
		# shellcheck disable=SC2086
		ip -n "$node" link add bond0 type bond mode "$mode" miimon 20 $options
		for leg in a b; do
			ip link add "eth0$leg" netns "$node" type veth peer name "to-node-1$leg" netns "$router"
			ip -n "$node" link set "eth0$leg" master bond0
		done
		# The other end: a switch, or, where both ports are used at once, its bond.
		case $mode in
		active-backup)
			ip -n "$router" link add trunk type bridge ;;
		*)
			# shellcheck disable=SC2086
			ip -n "$router" link add trunk type bond mode "$mode" miimon 20 $options ;;
		esac
		for leg in a b; do
			ip -n "$router" link set "to-node-1$leg" master trunk
			ip -n "$router" link set "to-node-1$leg" up
			ip -n "$node" link set "eth0$leg" up
			offload router "to-node-1$leg" gro on
			offload node-1 "eth0$leg" gro on
		done ;;
	card*)
		below=eth0
		cards ;;
	*)
		below=eth0
		ip link add eth0 netns "$node" type veth peer name trunk netns "$router"
		offload router trunk gro on ;;
	esac
	ip -n "$router" link set trunk up
	ip -n "$node" link set "$below" up
	device=$below
	case $1 in
	*vlan*)
		device=$below.$id
		ip -n "$node" link add link "$below" name "$device" type vlan id $id
		ip -n "$router" link add link trunk name to-node-1.$id type vlan id $id
		ip -n "$node" link set "$device" up
		ip -n "$router" link set to-node-1.$id master nodes up ;;
	*)
		case $below-$mode in
		bond0-active-backup)
			# A bridge cannot be in a bridge.
			ip link add to-node-1u netns "$router" type veth peer name to-node-1d netns "$router"
			ip -n "$router" link set to-node-1d master trunk up
			ip -n "$router" link set to-node-1u master nodes up ;;
		*) ip -n "$router" link set trunk master nodes ;;
		esac ;;
	esac
	case $1 in
	# An uplink that is untagged for one network, tagged for the other.
	*+vlan) ip -n "$node" addr add 172.19.0.1/24 dev "$below" ;;
	esac
	ip -n "$node" -batch - <<-END
		addr add $node1/24 dev $device
		addr add $node1_6/64 dev $device nodad
		route add default via 172.18.0.254 dev $device
		route add default via fd00:172:18::fe dev $device
	END
	netlab_route_pods "$node" 1 "$node2" "$node2_6"
	# Routes with a source address go with the address.
	while read -r pod v4 v6; do
		case $pod in node-1/*)
			ip -n "$node" route replace "$v4/32" dev "p-${pod#*/}" src "$node1"
			ip -n "$node" route replace "$v6/128" dev "p-${pod#*/}" src "$node1_6" ;;
		esac
	done < <(netlab_places "$lab" pod)
	wait_for "the router to reach node-1 by $1" reaches 172.18.0.1
	wait_for "the router to reach node-1 by $1, IPv6" reaches "$node1_6"
}

# A request to a closed port is answered as well; nothing of ICMP is in the image.
reaches() {
	! netlab_exec "$lab" router "$netprobe" load mode=tcp to="$(at "$1" 9)" count=1 seconds=2 timeout=1000 2>&1 | grep -qi 'timed\|unreach'
}

metric() {
	netlab_exec "$lab" node-1 curl -fsS http://127.0.0.1:10249/metrics \
		| awk -v reason="reason=\"$1\"" '/^ebpflb_(packets|datapath_events)_total/ && index($0, reason) { sum += $2 } END { print sum + 0 }'
}

# count ANSWER EXPECTED: adds to answered and failed; a wrong backend or address is a failure.
count() {
	local good
	good=$(field answered "$1")
	answered=$((answered + ${good:-0}))
	failed=$((failed + $(field failed "$1") + $(field bad-source "$1") + $(field bad-peer "$1")))
	if [ -n "${2:-}" ] && [ "$(seen "$(field names "$1")")" != "$2" ]; then
		echo "  answered by $(seen "$(field names "$1")"), not by $2" >&2
		failed=$((failed + 1))
	fi
}

# exchange NAME TIMES: requests over the connections that are held.
exchange() {
	local i
	for ((i = 0; i < $2; i++)); do
		tell held "exchange id=$1"
		[ "$(field answered "$told")" = "$held" ] || { echo "  held $1: $told" >&2; lost=$((lost + 1)); }
	done
}

# Of attached devices: what status says of XDP.
says() {
	ebpflb node-1 status | awk '
		/^DEVICE/ { on = 1; next }
		on && NF == 0 { on = 0 }
		on && $2 == "uplink" {
			why = match($0, /no XDP: .*/) ? substr($0, RSTART + 8) : ""
			printf "%s%s: %s%s", (n++ ? "; " : ""), $1, $6 == "-" ? "tc" : "tc and XDP (" $6 ")", why == "" ? "" : " (" why ")"
		}'
}

case_() {
	echo "  $1, XDP $2" >&2
	local shape=$1 xdp=$2 answered=0 failed=0 lost=0 kept=- verify=clean before after to
	local from4="web-a@$outside web-b@$outside web-c@$node1" from6="web-a@$outside6 web-b@$outside6 web-c@$node1_6"
	agent_up node-1 --xdp "$xdp"
	before=$(metric pkt_xdp)
	open_shell held outside
	for to in "$node1:$public_port" "[$shop6]:80"; do tell held "hold id=$to to=$to count=$held"; done
	for to in "$node1:$public_port" "$shop4:80"; do
		count "$(probe outside load mode=tcp "to=$to" count=30 seconds=60 timeout=5000)" "$from4"
	done
	for to in "[$node1_6]:$public_port" "[$shop6]:80"; do
		count "$(probe outside load mode=tcp "to=$to" count=30 seconds=60 timeout=5000)" "$from6"
	done
	count "$(probe outside load mode=udp "to=$node1:$public_echo_port" count=30 seconds=60 timeout=5000)" "$from4"
	count "$(probe outside load mode=udp "to=[$node1_6]:$public_echo_port" count=30 seconds=60 timeout=5000)" "$from6"
	for to in "$node1:$public_port" "[$shop6]:80"; do exchange "$to" 3; done
	case $shape in
	*bond*)
		# The port that is in use goes, and comes back while the other one goes.
		for leg in a b; do
			ip -n "$(netlab_netns "$lab" node-1)" link set "eth0$leg" down
			for to in "$node1:$public_port" "[$shop6]:80"; do exchange "$to" 3; done
			ip -n "$(netlab_netns "$lab" node-1)" link set "eth0$leg" up
			wait_for "port eth0$leg to be back" port_back "$leg"
		done ;;
	esac
	kept=$([ "$lost" -eq 0 ] && echo "all" || echo "lost $lost")
	for to in "$node1:$public_port" "[$shop6]:80"; do tell held "release id=$to"; done
	close_shell held
	after=$(metric pkt_xdp)
	ebpflb node-1 verify > "$state/verify" || { verify=differs; cat "$state/verify" >&2; }
	printf 'case\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$shape" "$xdp" "$answered" "$failed" "$kept" "$((after - before))" "$verify" "$(says)"
	[ "$failed $lost $verify" = "0 0 clean" ] || failures=$((failures + 1))
	[ -z "${VERBOSE:-}" ] || { ebpflb node-1 status; netlab_exec "$lab" node-1 ip -d link; ebpflb node-1 drops; }
	agent_gone node-1
}

port_back() {
	netlab_exec "$lab" node-1 grep -A1 "Slave Interface: eth0$1" /proc/net/bonding/bond0 | grep -q 'MII Status: up'
}

is_wanted() {
	local one
	[ "${#wanted[@]}" -gt 0 ] || return 0
	for one in "${wanted[@]}"; do [ "$one" != "$1" ] || return 0; done
	return 1
}

clean
trap clean EXIT
places tcp=8080 udp=7007
# They finish their checksums, as network cards do: unfinished ones are left to tc.
offload outside eth0 tx off
offload node-2/web-c eth0 tx off
mkdir -p "$manifests"
cp deploy/demo/manifests/{nodes,nodeport,loadbalancer}.yaml "$manifests"
for shape in "${shapes[@]}"; do
	made=
	for xdp in off driver generic; do
		is_wanted "$shape/$xdp" || continue
		[ -n "$made" ] || { uplink "$shape"; made=yes; }
		case_ "$shape" "$xdp"
	done
done
[ "$failures" -eq 0 ]
