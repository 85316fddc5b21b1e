# What the demo shows from a client outside of the nodes: NodePorts and load balancer addresses by the tc programs. Sourced by demo.sh.

# show_sources KIND TARGET TEXT EXPECTED: who answers there, and what address they saw.
show_sources() {
	local kind=$1 to=$2 text=$3 expected=$4 answer
	answer=$(probe outside load "mode=$kind" "to=$to" count=200 seconds=10 timeout=2000)
	say "200 requests ($kind) to $to, $text:"
	bars "$(field names "$answer")" sources
	check "all answered, every answer from $to" \
		"$(field answered "$answer") $(field bad-source "$answer") $(field bad-peer "$answer")" = "200 0 0"
	check "local backends saw the client's own address, remote ones the node's" "$(seen "$(field names "$answer")")" = "$expected"
}

show_outside() {
	heading "From outside: a NodePort answers on every node, a load balancer address on the node that it is routed to"
	local at1="web-a@$outside web-b@$outside web-c@$node1" at1_6="web-a@$outside6 web-b@$outside6 web-c@$node1_6"
	local at2="web-a@$node2 web-b@$node2 web-c@$outside" at2_6="web-a@$node2_6 web-b@$node2_6 web-c@$outside6"
	show_sources tcp "$node1:$public_port" "NodePort on node-1" "$at1"
	show_sources tcp "[$node1_6]:$public_port" "the same by IPv6" "$at1_6"
	show_sources tcp "$node2:$public_port" "NodePort on node-2" "$at2"
	show_sources tcp "[$node2_6]:$public_port" "the same by IPv6" "$at2_6"
	show_sources udp "$node1:$public_echo_port" "NodePort on node-1" "$at1"
	show_sources udp "[$node2_6]:$public_echo_port" "NodePort on node-2" "$at2_6"
	show_sources tcp "$shop4:80" "load balancer address, by node-1" "$at1"
	show_sources tcp "[$shop6]:80" "the same by IPv6" "$at1_6"
}

show_local_policy() {
	heading "externalTrafficPolicy Local: only backends of the node, and every one sees the client"
	show_sources tcp "$local4:80" "load balancer address, by node-1" "web-a@$outside web-b@$outside"
	show_sources tcp "[$local6]:80" "the same by IPv6" "web-a@$outside6 web-b@$outside6"
}

show_outside_refusal() {
	heading "From outside: a service without endpoints refuses at once"
	show_refusal outside "$node1:$empty_port" "[$node2_6]:$empty_port" "$empty_vip4:80" "[$empty_vip6]:80"
}

outside_targets() {
	echo "$shop4:80,[$shop6]:80,$node2:$public_port,[$node2_6]:$public_port"
}

show_outside_removal() {
	heading "A backend is removed while requests from outside run, to the load balancer address and to the NodePort on node-2"
	show_removal outside "$(outside_targets)" loadbalancer.yaml nodeport.yaml
}

show_absence() {
	heading "The agent of node-1 is killed and started again while requests run"
	local pid away back place
	pid=$(cat "$state/agent-node-1.log.pid")
	open_shell out outside
	open_shell in node-1/client
	tell out "load mode=tcp to=$(outside_targets) background=run rate=500"
	tell in "load mode=tcp to=$web4:80,[$web6]:80 background=run rate=500"
	kill -KILL "$pid"
	wait_for "the agent's end" gone "$pid"
	say "killed (SIGKILL). Its programs and maps are pinned; from here on:"
	for place in out in; do
		tell "$place" "load-stats background=run reset=1"
	done
	wait_for "requests from outside" serves outside "$(outside_targets)"
	for place in out in; do
		tell "$place" "load-stats background=run"
		away=$told
		say "$(place_name "$place"): $(field answered "$away") answered, $(field failed "$away") failed"
		check "the node goes on balancing without it" "$(field failed "$away") $(($(field answered "$away") > 0))" = "0 1"
	done
	start_agent node-1
	wait_for "the new agent of node-1 to be ready" ready node-1
	say "a new one is ready. It took the maps over as they were:"
	for place in out in; do
		tell "$place" "load-stop background=run"
		back=$told
		close_shell "$place"
		say "$(place_name "$place"): $(field answered "$back") answered, $(field failed "$back") failed"
		check "none failed" "$(field failed "$back")" -eq 0
	done
}

place_name() {
	[ "$1" = out ] && echo "from outside" || echo "from the pod"
}

gone() {
	! kill -0 "$1"
}
