#!/usr/bin/env bash
# The demo: one node, a client pod, three backend pods, both families, on this machine's kernel and nothing of its network.
# Usage: demo.sh [run|clean]; KEEP=1 leaves everything up. `make demo` builds what it needs and calls it.
# For tests: DEMO_NODE names another node than "demo", EBPFLB_BINARY another agent than build/bin/ebpflb.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tools/netlab/lib.sh
source deploy/demo/show.sh

node=${DEMO_NODE:-demo}
agent=${EBPFLB_BINARY:-$PWD/build/bin/ebpflb}
netprobe=$PWD/build/native/netprobe
state=$NETLAB_STATE/$node
manifests=$state/manifests
instance=netlab-$node

# As in deploy/demo/manifests.
web4=10.96.0.80 web6=fd00:10:96::80
echo4=10.96.0.7 echo6=fd00:10:96::7
sticky4=10.96.0.81 sticky6=fd00:10:96::81
empty4=10.96.0.82 empty6=fd00:10:96::82

clean() {
	netlab_down "$node"
	[ ! -x "$agent" ] || "$agent" cleanup --instance "$instance" > /dev/null
}

# What a pod does: in its namespace, in its cgroup.
client() {
	netlab_exec "$node" client "$@"
}

probe() {
	client "$netprobe" "$@" || true
}

ebpflb() {
	local verb=$1
	shift
	netlab_exec "$node" host "$agent" "$verb" --instance "$instance" --run-dir "$state/run" "$@"
}

# wait_for TEXT COMMAND...: until the command succeeds, 20 s at the most.
wait_for() {
	local text=$1 deadline=$((SECONDS + 20))
	shift
	until "$@" > /dev/null 2>&1; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "waited in vain for $text. The agent's log:" >&2
			tail -n 30 "$state/agent.log" >&2
			exit 1
		fi
		sleep 0.05
	done
}

ready() {
	netlab_exec "$node" host curl -fsS -o /dev/null http://127.0.0.1:10256/readyz
}

start() {
	heading "One node, a client pod, three backend pods"
	clean
	netlab_node "$node" 192.0.2.10 2001:db8::10
	netlab_pod "$node" client 10.244.0.10 fd00:10:244::10
	local pod number=11
	for pod in web-a web-b web-c; do
		netlab_pod "$node" "$pod" "10.244.0.$number" "fd00:10:244::$number"
		netlab_spawn "$node" "$pod" "$state/$pod.log" "$netprobe" serve "name=$pod" tcp=8080 udp=7007
		wait_for "the server in $pod" grep -q '^ok' "$state/$pod.log"
		number=$((number + 1))
	done
	tools/netlab/netlab list | sed 's/^/  /'
	say "Each backend serves HTTP on TCP 8080 and an echo on UDP 7007; there is no route out of the node."

	cp -r deploy/demo/manifests "$manifests"
	netlab_spawn "$node" host "$state/agent.log" "$agent" run --manifests "$manifests" --node-name demo-node \
		--instance "$instance" --cgroup-root "$(netlab_cgroup "$node")" --run-dir "$state/run"
	wait_for "the agent to be ready" ready
	say "The agent reads $manifests and says it is ready: its canary connection was translated."
}

show_services() {
	heading "ebpflb services, with what it counted"
	ebpflb services | sed 's/^/  /'
}

show_spread() {
	heading "Connections spread over the backends"
	local kind to answer
	for kind in tcp udp-connected udp; do
		for to in "$web4:80" "[$web6]:80" "$echo4:7" "[$echo6]:7"; do
			case "$kind $to" in
			tcp*:7 | udp*:80) continue ;;
			esac
			answer=$(probe load "mode=$kind" "to=$to" count=300)
			say "300 requests ($kind) to $to:"
			bars "$(field names "$answer")"
			check "all answered, by three backends, and every answer seemed to come from the ClusterIP" \
				"$(field answered "$answer") $(kinds "$(field names "$answer")") $(field bad-source "$answer") $(field bad-peer "$answer")" = "300 3 0 0"
		done
	done
	say "\$ curl http://$web4/    # by any program, for instance"
	client curl -s "http://$web4/" | sed 's/^/    /'
}

show_peer() {
	heading "getpeername() gives the ClusterIP, on the wire it is the pod"
	local to answer
	for to in "$web4:80" "[$web6]:80"; do
		answer=$(client "$netprobe" shell <<-END
			open id=s type=tcp to=$to
			connect id=s to=$to
			peer id=s
			request id=s
		END
		)
		say "connected to $to: getpeername() says $(field address "$answer"), and $(field name "$answer") answers"
		check "the peer is the ClusterIP" "$(field address "$answer")" = "$to"
	done
}

show_affinity() {
	heading "ClientIP affinity: the service 'sticky' keeps a client with one backend"
	local to answer
	for to in "$sticky4:80" "[$sticky6]:80"; do
		answer=$(probe load mode=tcp "to=$to" count=100)
		say "100 connections to $to:"
		bars "$(field names "$answer")"
		check "one backend has them all" "$(field answered "$answer") $(kinds "$(field names "$answer")")" = "100 1"
	done
}

# Every backend but web-c, for IPv4 and IPv6: an endpoint is one line there.
remove_backend() {
	sed -E '/"(10\.244\.0\.|fd00:10:244::)13"/d' deploy/demo/manifests/web.yaml > "$manifests/.web"
	mv "$manifests/.web" "$manifests/web.yaml"
}

avoids_web_c() {
	local answer
	answer=$(probe load mode=tcp "to=$web4:80,[$web6]:80" count=80)
	[ "$(count_of web-c "$(field names "$answer")")" -eq 0 ]
}

show_removal() {
	heading "A backend is removed while requests run"
	local before after
	coproc LOAD { client "$netprobe" shell; }
	tell() {
		echo "$1" >&"${LOAD[1]}"
		read -r told <&"${LOAD[0]}"
	}
	tell "load mode=tcp to=$web4:80,[$web6]:80 background=run"
	wait_for "the first requests" avoids_nothing
	remove_backend
	wait_for "web-c to be left out" avoids_web_c
	tell "load-stats background=run reset=1"
	before=$told
	say "until web-c was out of the manifests and of the kernel, $(field answered "$before") requests:"
	bars "$(field names "$before")"
	wait_for "more requests" avoids_web_c
	tell "load-stop background=run"
	after=$told
	say "since then, $(field answered "$after") requests:"
	bars "$(field names "$after")"
	exec {LOAD[1]}>&-
	wait "$LOAD_PID" || true
	check "no request failed" "$(field failed "$before") $(field failed "$after")" = "0 0"
	check "web-c served before" "$(count_of web-c "$(field names "$before")")" -gt 0
	# One that was under way when the figures were reset may still have ended there.
	check "and no more after" "$(count_of web-c "$(field names "$after")")" -le 1
	cp deploy/demo/manifests/web.yaml "$manifests/web.yaml"
}

avoids_nothing() {
	! avoids_web_c
}

show_refusal() {
	heading "A service without endpoints refuses at once"
	local to answer
	for to in "$empty4:80" "[$empty6]:80"; do
		answer=$(probe load mode=tcp "to=$to" count=10)
		say "10 connections to $to: $(field errors "$answer")"
		check "each was refused" "$(field errors "$answer")" = "connect/ECONNREFUSED:10"
	done
}

show_maps() {
	local pins
	pins=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i+1) == "bpf" && $4 == "/") { print $5; exit } }' /proc/self/mountinfo)/ebpflb/$instance
	heading "The kernel's view: bpftool map dump pinned $pins/maps/lb_services4"
	bpftool map dump pinned "$pins/maps/lb_services4" > "$state/dump"
	head -n 24 "$state/dump" | sed 's/^/  /'
	say "..."
	check "the fields have names" "$(grep -c '"affinity_sec"' "$state/dump")" -gt 0
}

finish() {
	if [ -n "${KEEP:-}" ]; then
		heading "Everything is left up. What to type next (as root):"
		cat <<-END
		  tools/netlab/netlab exec $node client curl -s http://$web4/
		  tools/netlab/netlab exec $node client $netprobe load mode=udp to=$echo4:7 count=100
		  $agent services --instance $instance --run-dir $state/run
		  $agent backends --instance $instance --run-dir $state/run
		  \$EDITOR $manifests/web.yaml        # the agent notices
		  tail -f $state/agent.log
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
	DEMO_ALONE=1 flock --nonblock --close --conflict-exit-code 75 "/run/ebpflb-demo-$node.lock" "deploy/demo/${0##*/}" "$@" || code=$?
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
show_removal
show_refusal
show_services
show_maps
finish
trap - EXIT
if [ "$failures" -gt 0 ]; then
	echo "$failures of the steps did not show what they should." >&2
	exit 1
fi
