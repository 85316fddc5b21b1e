#!/usr/bin/env bash
# What a kernel has by modules that containers' kernels often lack: SCTP sockets, and the ipip device that CNIs have pods of other
# nodes behind. Real agents on two nodes, in a netlab lab as the demo's. Usage: modules.sh [CASE...], all by default:
# snat and dsr (SCTP, answers by this node and past it), ipip (pods behind such a device, DSR by IPIP between the same addresses), clock (the
# wall clock is set: only in a guest).
# Each case prints a line "case NAME WHAT ANSWERED FAILED KEPT" for what it asked, with tabs in between, and ends with 1 when
# something failed, an answer was wrong, or `ebpflb verify` found a difference.
set -euo pipefail
cd "$(dirname "$0")/../.."
DEMO_LAB=modules
source tools/kernels/lab.sh

cases=("$@")
[ "${#cases[@]}" -gt 0 ] || cases=(snat dsr ipip clock)
# As in the manifests below.
port=30090 line4=10.96.0.90 line6=fd00:10:96::90 vip4=203.0.113.90 vip6=2001:db8:1::90

# slices FAMILY A B C: where the pods listen.
slice() {
	cat <<-END
		---
		apiVersion: discovery.k8s.io/v1
		kind: EndpointSlice
		metadata: {name: line-${1,,}, labels: {kubernetes.io/service-name: line}}
		addressType: $1
		ports: [{name: tcp, protocol: TCP, port: 8080}, {name: sctp, protocol: SCTP, port: 8080}]
		endpoints:
		- {addresses: ["$2"], nodeName: node-1, conditions: {ready: true}}
		- {addresses: ["$3"], nodeName: node-1, conditions: {ready: true}}
		- {addresses: ["$4"], nodeName: node-2, conditions: {ready: true}}
	END
}

line() {
	cat <<-END
		apiVersion: v1
		kind: Service
		metadata: {name: line}
		spec:
		  type: LoadBalancer
		  clusterIP: $line4
		  clusterIPs: [$line4, "$line6"]
		  ipFamilies: [IPv4, IPv6]
		  ipFamilyPolicy: RequireDualStack
		  ports:
		  - {name: tcp, protocol: TCP, port: 80, targetPort: 8080, nodePort: $port}
		  - {name: sctp, protocol: SCTP, port: 80, targetPort: 8080, nodePort: $port}
		status: {loadBalancer: {ingress: [{ip: $vip4}, {ip: "$vip6"}]}}
	END
	slice IPv4 10.244.0.11 10.244.0.12 10.244.1.10
	slice IPv6 fd00:10:244::11 fd00:10:244::12 fd00:10:244:1::10
}

# up NODE OPTION...: pods of a node that go by packet, as SCTP does.
up() {
	agent_up "$1" --pod-device 'p-*' "${@:2}"
}

# asked NAME WHAT PLACE MODE TO EXPECTED: 30 requests; every backend answers, and sees the client as expected.
asked() {
	local answer
	answer=$(probe "$3" load "mode=$4" "to=$5" count=30 seconds=120 timeout=10000)
	result "$1" "$2" "$(field answered "$answer")" "$(field failed "$answer")" - "$(seen "$(field names "$answer")")" "$6" "$answer"
}

# result CASE WHAT ANSWERED FAILED KEPT SEEN EXPECTED ANSWER
result() {
	printf 'case\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "${3:-0}" "$4" "$5"
	if [ "$4" != 0 ] || [ "$6" != "$7" ]; then
		echo "  $1, $2: $8; answered by $6, not by $7" >&2
		failures=$((failures + 1))
	fi
}

# kept NAME: over the associations that are held, an answer each.
kept() {
	local to what number=0
	for to in "${lines[@]}"; do
		tell held "exchange id=held$number"
		what=$(field answered "$told")
		printf 'case\t%s\t%s\t-\t-\t%s of %s\n' "$1" "$2, to $to" "${what:-0}" "$held"
		[ "$what" = "$held" ] || { echo "  $1, held to $to: $told" >&2; failures=$((failures + 1)); }
		number=$((number + 1))
	done
}

# ask_all CASE MODE SEEN4 SEEN6: from outside and from a pod, by every way.
ask_all() {
	asked "$1" "$2 to a NodePort" outside "$2" "$(at $node1 $port)" "$3"
	asked "$1" "$2 to a NodePort, IPv6" outside "$2" "$(at $node1_6 $port)" "$4"
	asked "$1" "$2 to a load balancer's address" outside "$2" "$(at $vip4 80)" "$3"
	asked "$1" "$2 to a load balancer's address, IPv6" outside "$2" "$(at $vip6 80)" "$4"
	asked "$1" "$2 of a pod to a ClusterIP" node-1/client "$2" "$(at $line4 80)" "web-a@$inside web-b@$inside web-c@$inside"
	asked "$1" "$2 of a pod to a ClusterIP, IPv6" node-1/client "$2" "$(at $line6 80)" "web-a@$inside6 web-b@$inside6 web-c@$inside6"
}

verified() {
	local node
	for node in node-1 node-2; do
		ebpflb "$node" verify > "$state/verify" || { cat "$state/verify" >&2; failures=$((failures + 1)); }
	done
}

down() {
	local node
	for node in node-1 node-2; do agent_gone "$node"; done
}

# hold CASE TYPE: connections to NodePorts and a load balancer address, for kept().
hold() {
	local number=0 to
	lines=("$(at $node1 $port)" "$(at $node1_6 $port)" "$(at $vip4 80)" "$(at $vip6 80)")
	open_shell held outside
	for to in "${lines[@]}"; do
		tell held "hold id=held$number type=$2 to=$to count=$held timeout=10000"
		[ "$(field count "$told")" = "$held" ] || { echo "  $1, to hold $to: $told" >&2; failures=$((failures + 1)); }
		number=$((number + 1))
	done
}

# sctp CASE SEEN4 SEEN6 OPTION...: held associations live through the death of an agent.
sctp() {
	local case=$1 seen4=$2 seen6=$3 lines
	shift 3
	up node-2 "$@"
	up node-1 "$@"
	hold "$case" sctp
	ask_all "$case" sctp "$seen4" "$seen6"
	kept "$case" "held"
	agent_killed node-1
	kept "$case" "without an agent"
	up node-1 "$@"
	kept "$case" "with the next agent"
	close_shell held
	verified
	down
}

case_snat() {
	sctp snat "web-a@$outside web-b@$outside web-c@$node1" "web-a@$outside6 web-b@$outside6 web-c@$node1_6"
}

case_dsr() {
	sctp dsr "web-a@$outside web-b@$outside web-c@$outside" "web-a@$outside6 web-b@$outside6 web-c@$outside6" \
		--tunnel ipip --forwarding dsr
}

# device NODE V4 OTHER RANGE...: pods of the other node behind an ipip device, as Calico and flannel have them.
device() {
	local node
	node=$(netlab_netns "$lab" "$1")
	ip -n "$node" link add cni type ipip local "$2" remote "$3" ttl 64
	ip -n "$node" link set cni up
	ip -n "$node" route replace "$4" dev cni src "$2"
}

case_ipip() {
	device node-1 $node1 $node2 10.244.1.0/24
	device node-2 $node2 $node1 10.244.0.0/24
	asked ipip "tcp of pod to pod, before" node-1/client tcp 10.244.1.10:8080 "web-c@$inside"
	up node-2 --tunnel ipip --forwarding dsr
	up node-1 --tunnel ipip --forwarding dsr
	asked ipip "tcp of pod to pod" node-1/client tcp 10.244.1.10:8080 "web-c@$inside"
	ask_all ipip tcp "web-a@$outside web-b@$outside web-c@$outside" "web-a@$outside6 web-b@$outside6 web-c@$outside6"
	ask_all ipip sctp "web-a@$outside web-b@$outside web-c@$outside" "web-a@$outside6 web-b@$outside6 web-c@$outside6"
	asked ipip "tcp of pod to pod, after" node-1/client tcp 10.244.1.10:8080 "web-c@$inside"
	verified
	down
}

# step SECONDS WHAT: of the wall clock, which is this machine's alone in a guest.
step() {
	date -s "@$(($(date +%s) + $1))" > "$state/date"
	kept clock "$2"
	asked clock "tcp to a NodePort, $2" outside tcp "$(at $node1 $port)" "$3"
	for node in node-1 node-2; do
		ready "$node" || { echo "  clock, $2: the agent of $node is not ready" >&2; failures=$((failures + 1)); }
	done
	verified
}

# drain_ends SECONDS: the wall clock steps, and the agent sees it.
drain_ends() {
	date -s "@$(($(date +%s) + $1))" > "$state/date"
	wait_for "the drain to end" undrained
}

undrained() {
	probe outside load mode=tcp "to=$(at $node1 $port)" count=30 seconds=60 timeout=10000 | grep -q web-a@
}

# A drain ends by the wall clock, and nothing else goes by it.
case_clock() {
	local lines node seen="web-a@$outside web-b@$outside web-c@$node1"
	grep -q ' tasks=' /proc/cmdline || { echo "  clock: not on a machine that others use" >&2; failures=$((failures + 1)); return; }
	up node-2
	up node-1
	hold clock tcp
	ebpflb node-1 drain 10.244.0.11 --for 2h
	step 3600 "an hour ahead, a backend drained for two" "web-b@$outside web-c@$node1"
	drain_ends 7200
	step 0 "three hours ahead, the drain is over" "$seen"
	step -172800 "two days back" "$seen"
	ebpflb node-1 drain 10.244.0.11 --for 1h
	drain_ends 604800
	step 0 "a week ahead, a drain of an hour is over" "$seen"
	agent_killed node-1
	up node-1
	kept clock "with the next agent"
	ebpflb node-1 history --since 1h > "$state/history" || failures=$((failures + 1))
	close_shell held
	down
}

clean
trap clean EXIT
places tcp=8080 sctp=8080
mkdir -p "$manifests"
cp deploy/demo/manifests/nodes.yaml "$manifests"
line > "$manifests/line.yaml"
for case in "${cases[@]}"; do
	echo "  $case" >&2
	"case_$case"
done
[ "$failures" -eq 0 ]
