#!/usr/bin/env bash
# The demo: two nodes, a router, a client pod, a client outside, three backends, both families, on this machine's kernel and
# nothing of its network. Usage: demo.sh [run|clean]; KEEP=1 leaves everything up. `make demo` builds what it needs and calls it.
# For tests: DEMO_LAB names another lab than "demo", EBPFLB_BINARY another agent than build/bin/ebpflb.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tools/netlab/lib.sh
for part in show lab inside outside; do
	source "deploy/demo/$part.sh"
done

show_services() {
	heading "ebpflb services on node-1, with what it counted"
	ebpflb node-1 services | sed 's/^/  /'
}

# Of connections that are held open for it.
show_flows() {
	local to
	heading "ebpflb conntrack list: flows of node-1 that are open now"
	open_shell held outside
	for to in "$node1:$public_port" "[$node1_6]:$public_port" "$local4:80"; do
		tell held "hold id=$to to=$to count=5"
		tell held "exchange id=$to"
	done
	ebpflb node-1 conntrack list --protocol tcp --phase open > "$state/flows"
	sed 's/^/  /' "$state/flows"
	check "those that are held, each once" "$(tail -n +2 "$state/flows" | grep -c "$outside\|$outside6")" -eq 15
	check "the source is changed towards the other node, and only there" \
		"$(awk 'NR > 1 { print ($4 ~ /^(10\.244\.1\.|\[fd00:10:244:1:)/) == ($5 != "-") }' "$state/flows" | sort -u)" = 1
	show_map lb_conntrack4 '"sport"'
	close_shell held
}

pins() {
	echo "$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i+1) == "bpf" && $4 == "/") { print $5; exit } }' /proc/self/mountinfo)/ebpflb"
}

# show_map MAP FIELD
show_map() {
	local pin
	pin=$(pins)/$(netlab_instance "$lab" node-1)/maps/$1
	heading "The kernel's view: bpftool map dump pinned $pin"
	bpftool map dump pinned "$pin" > "$state/dump"
	head -n 24 "$state/dump" | sed 's/^/  /'
	say "..."
	check "the fields have names" "$(grep -c "$2" "$state/dump")" -gt 0
}

finish() {
	local on_node1="--instance $(netlab_instance "$lab" node-1) --run-dir $state/node-1"
	if [ -n "${KEEP:-}" ]; then
		heading "Everything is left up. What to type next (as root):"
		cat <<-END
		  tools/netlab/netlab list
		  tools/netlab/netlab exec $lab node-1/client curl -s http://$web4/
		  tools/netlab/netlab exec $lab outside curl -s http://$shop4/ http://$node2:$public_port/ 'http://[$shop6]/'
		  tools/netlab/netlab exec $lab outside $netprobe load mode=udp to=$node1:$public_echo_port count=100
		  $agent services $on_node1
		  $agent backends $on_node1
		  $agent conntrack list $on_node1
		  $agent drops $on_node1
		  nsenter --net=/run/netns/$(netlab_netns "$lab" node-1) $agent explain --from $outside --to $shop4:80 $on_node1
		  $agent status $on_node1
		  \$EDITOR $manifests/loadbalancer.yaml        # the agents notice
		  tail -f $state/agent-node-1.log
		  make demo-clean                    # removes all of it
		END
	else
		clean
		heading "Removed everything that was made (KEEP=1 leaves it up)."
	fi
}

[ "$(id -u)" -eq 0 ] || { echo "the demo makes network namespaces and loads BPF programs: run it as root" >&2; exit 1; }
if [ -z "${DEMO_ALONE:-}" ]; then
	code=0
	DEMO_ALONE=1 flock --nonblock --close --conflict-exit-code 75 "/run/ebpflb-demo-$lab.lock" "deploy/demo/${0##*/}" "$@" || code=$?
	[ "$code" -ne 75 ] || echo "another demo runs on this machine: wait for its end" >&2
	exit "$code"
fi
if [ "${1:-run}" = clean ]; then
	clean
	exit 0
fi
[ -n "${KEEP:-}" ] || trap clean EXIT
start
show_spread
show_peer
show_affinity
show_inside_removal
show_inside_refusal
show_outside
show_local_policy
show_outside_refusal
show_outside_removal
show_absence
show_services
show_flows
show_map lb_services4 '"affinity_sec"'
finish
trap - EXIT
if [ "$failures" -gt 0 ]; then
	echo "$failures of the steps did not show what they should." >&2
	exit 1
fi
