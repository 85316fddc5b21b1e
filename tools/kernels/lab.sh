# What agents are tried in within a guest: a lab as the demo's, by another name, on a machine that is slow. Sourced by bash scripts in
# the project's directory; name the lab by DEMO_LAB.
DEMO_PATIENCE=${DEMO_PATIENCE:-240}
source tools/netlab/lib.sh
source deploy/demo/show.sh
source deploy/demo/lab.sh
PATH=$PATH:/usr/sbin
# Connections that are held at an address.
held=20

# at ADDRESS PORT: as netprobe takes them.
at() {
	case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac
}

# agent_up NODE OPTION...
agent_up() {
	start_agent "$@"
	wait_for "the agent of $1 to be ready" ready "$1"
}

agent_killed() {
	kill -KILL "$(cat "$state/agent-$1.log.pid")"
}

# agent_gone NODE: killed, and all that it left removed.
agent_gone() {
	agent_killed "$1"
	# Refused until its last thread has ended.
	wait_for "the agent's end" netlab_exec "$lab" "$1" "$agent" cleanup --instance "$(netlab_instance "$lab" "$1")"
}
