# The demo's lab: two nodes with agents, three backends, a client pod, a client outside. Sourced by demo.sh.

lab=${DEMO_LAB:-demo}
agent=${EBPFLB_BINARY:-$PWD/build/bin/ebpflb}
netprobe=$PWD/build/native/netprobe
state=$NETLAB_STATE/$lab
manifests=$state/manifests

# Of the places; netlab numbers them in the order in which they are made.
node1=172.18.0.1 node2=172.18.0.2 outside=198.51.100.6 inside=10.244.0.10
node1_6=fd00:172:18::1 node2_6=fd00:172:18::2 outside6=2001:db8:100:1::2 inside6=fd00:10:244::10

# As in deploy/demo/manifests.
web4=10.96.0.80 web6=fd00:10:96::80
echo4=10.96.0.7 echo6=fd00:10:96::7
sticky4=10.96.0.81 sticky6=fd00:10:96::81
empty4=10.96.0.82 empty6=fd00:10:96::82
public_port=30083 public_echo_port=30007 empty_port=30082
shop4=203.0.113.84 shop6=2001:db8:1::84
local4=203.0.113.85 local6=2001:db8:1::85
empty_vip4=203.0.113.82 empty_vip6=2001:db8:1::82

clean() {
	netlab_down "$lab" "$agent"
}

# probe PLACE VERB...: netprobe there; its answer says what failed.
probe() {
	local place=$1
	shift
	netlab_exec "$lab" "$place" "$netprobe" "$@" || true
}

# ebpflb NODE VERB...
ebpflb() {
	local node=$1 verb=$2
	shift 2
	netlab_exec "$lab" "$node" "$agent" "$verb" "$@" --instance "$(netlab_instance "$lab" "$node")" --run-dir "$state/$node"
}

# wait_for TEXT COMMAND...: until the command succeeds, DEMO_PATIENCE (20) seconds at the most: a kernel in software is slow.
wait_for() {
	local text=$1 deadline=$((SECONDS + ${DEMO_PATIENCE:-20})) log
	shift
	until "$@" > /dev/null 2>&1; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "waited without success for $text. The agents' logs:" >&2
			for log in "$state"/agent-*.log; do
				tail -n 20 "$log" >&2
			done
			exit 1
		fi
		sleep 0.05
	done
}

# start_agent NODE OPTION...
start_agent() {
	netlab_spawn "$lab" "$1" "$state/agent-$1.log" "$agent" run --manifests "$manifests" --node-name "$1" \
		--instance "$(netlab_instance "$lab" "$1")" --cgroup-root "$(netlab_cgroup "$lab" "$1")" --run-dir "$state/$1" \
		--cluster-cidr "$NETLAB_PODS4,$NETLAB_PODS6" "${@:2}"
}

ready() {
	netlab_exec "$lab" "$1" curl -fsS -o /dev/null http://127.0.0.1:10256/readyz
}

# places PORTS...: the places above; backends serve these ports of `netprobe serve`.
places() {
	local pod
	netlab_lab "$lab"
	netlab_client "$lab" outside
	netlab_node "$lab" node-1
	netlab_node "$lab" node-2
	netlab_route "$lab" node-1 203.0.113.0/24 2001:db8:1::/64
	for pod in node-1/client node-1/web-a node-1/web-b node-2/web-c; do
		netlab_pod "$lab" "${pod%/*}" "${pod#*/}"
	done
	for pod in node-1/web-a node-1/web-b node-2/web-c; do
		netlab_spawn "$lab" "$pod" "$state/${pod#*/}.log" "$netprobe" serve "name=${pod#*/}" "$@" show-client=1
		wait_for "the server in $pod" grep -q '^ok' "$state/${pod#*/}.log"
	done
}

start() {
	heading "A router, an outside client, two nodes; a client pod and two backends on node-1, one backend on node-2"
	clean
	places tcp=8080 udp=7007
	tools/netlab/netlab list | awk -v lab="$lab" '$1 == "lab" { on = $2 == lab } on && $1 != "lab"'
	say "Each backend serves HTTP on TCP 8080 and an echo on UDP 7007, and answers with its name and the client's address as it sees it."
	say "The router sends the load balancer addresses 203.0.113.0/24 and 2001:db8:1::/64 to node-1. Nothing leads out of the lab."

	cp -r deploy/demo/manifests "$manifests"
	start_agent node-1
	start_agent node-2
	wait_for "the agent of node-1 to be ready" ready node-1
	wait_for "the agent of node-2 to be ready" ready node-2
	say "The agents read $manifests and say that they are ready."
}

# A shell of netprobe that stays, so that a load can run in the background: open_shell NAME PLACE; tell NAME LINE sets $told.
declare -A shell_in shell_out
open_shell() {
	local in out
	mkfifo "$state/$1.in"
	exec {out}< <(netlab_exec "$lab" "$2" "$netprobe" shell < "$state/$1.in")
	exec {in}> "$state/$1.in"
	rm "$state/$1.in"
	shell_in[$1]=$in shell_out[$1]=$out
}

tell() {
	echo "$2" >&"${shell_in[$1]}"
	read -r -t 20 told <&"${shell_out[$1]}" || { echo "netprobe does not answer to: $2" >&2; exit 1; }
}

close_shell() {
	local in=${shell_in[$1]} out=${shell_out[$1]}
	exec {in}>&- {out}<&-
}

# remove_backend FILE...: web-c leaves these manifests; an endpoint is one line there.
remove_backend() {
	local file
	for file; do
		sed -E '/"(10\.244\.1\.10|fd00:10:244:1::10)"/d' "deploy/demo/manifests/$file" > "$manifests/.$file"
		mv "$manifests/.$file" "$manifests/$file"
	done
}

restore_backend() {
	local file
	for file; do
		cp "deploy/demo/manifests/$file" "$manifests/.$file"
		mv "$manifests/.$file" "$manifests/$file"
	done
}

# avoids PLACE TARGETS: no request of 100 goes to web-c; serves is the contrary.
avoids() {
	local answer
	answer=$(probe "$1" load mode=tcp "to=$2" count=100 seconds=10 timeout=2000)
	[ "$(field answered "$answer")" -eq 100 ] && [ "$(count_of web-c "$(field names "$answer")")" -eq 0 ]
}

serves() {
	local answer
	answer=$(probe "$1" load mode=tcp "to=$2" count=100 seconds=10 timeout=2000)
	[ "$(count_of web-c "$(field names "$answer")")" -gt 0 ]
}

# show_removal PLACE TARGETS FILE...: web-c is taken out of these manifests while a load runs from there.
show_removal() {
	local place=$1 targets=$2 before after
	shift 2
	open_shell load "$place"
	tell load "load mode=tcp to=$targets background=run rate=1000 timeout=2000"
	wait_for "web-c to be used" serves "$place" "$targets"
	remove_backend "$@"
	wait_for "web-c to be left out" avoids "$place" "$targets"
	tell load "load-stats background=run reset=1"
	before=$told
	say "until web-c was out of the manifests and of the kernel, $(field answered "$before") requests:"
	bars "$(field names "$before")"
	wait_for "more requests" avoids "$place" "$targets"
	tell load "load-stop background=run"
	after=$told
	close_shell load
	say "since then, $(field answered "$after") requests:"
	bars "$(field names "$after")"
	check "no request failed" "$(field failed "$before") $(field failed "$after")" = "0 0"
	check "web-c served before" "$(count_of web-c "$(field names "$before")")" -gt 0
	# One that was under way when the figures were reset may still have ended there.
	check "and no more after" "$(count_of web-c "$(field names "$after")")" -le 1
	restore_backend "$@"
	wait_for "web-c to be back" serves "$place" "$targets"
}
