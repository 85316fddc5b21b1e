# What the demo shows from a pod: services by the socket hooks. Sourced by demo.sh.

show_spread() {
	heading "From a pod: connections spread over the backends"
	local kind to answer client
	for kind in tcp udp-connected udp; do
		for to in "$web4:80" "[$web6]:80" "$echo4:7" "[$echo6]:7"; do
			case "$kind $to" in
			tcp*:7 | udp*:80) continue ;;
			esac
			client=$inside
			[ "${to#[}" = "$to" ] || client=$inside6
			answer=$(probe node-1/client load "mode=$kind" "to=$to" count=300)
			say "300 requests ($kind) to $to:"
			bars "$(field names "$answer")"
			check "all answered, by three backends, and every answer seemed to come from the ClusterIP" \
				"$(field answered "$answer") $(kinds "$(field names "$answer")") $(field bad-source "$answer") $(field bad-peer "$answer")" = "300 3 0 0"
			check "each backend, on either node, saw the pod's own address" \
				"$(seen "$(field names "$answer")")" = "web-a@$client web-b@$client web-c@$client"
		done
	done
	say "\$ curl http://$web4/    # by any program, for instance"
	netlab_exec "$lab" node-1/client curl -s "http://$web4/" | sed 's/^/    /'
}

show_peer() {
	heading "getpeername() gives the ClusterIP, on the wire it is the pod"
	local to answer
	for to in "$web4:80" "[$web6]:80"; do
		answer=$(netlab_exec "$lab" node-1/client "$netprobe" shell <<-END
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
		answer=$(probe node-1/client load mode=tcp "to=$to" count=100)
		say "100 connections to $to:"
		bars "$(field names "$answer")"
		check "one backend has them all" "$(field answered "$answer") $(kinds "$(field names "$answer")")" = "100 1"
	done
}

show_inside_removal() {
	heading "A backend is removed while requests of a pod run"
	show_removal node-1/client "$web4:80,[$web6]:80" web.yaml
}

# show_refusal PLACE TARGET...
show_refusal() {
	local place=$1 to answer
	shift
	for to; do
		answer=$(probe "$place" load mode=tcp "to=$to" count=10 seconds=10 timeout=2000)
		say "10 connections to $to: $(field errors "$answer")"
		check "each was refused" "$(field errors "$answer")" = "connect/ECONNREFUSED:10"
	done
}

show_inside_refusal() {
	heading "A service without endpoints refuses at once"
	show_refusal node-1/client "$empty4:80" "[$empty6]:80"
}
