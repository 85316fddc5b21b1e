#!/usr/bin/env bash
# What the running kernel's verifier says of every program, as `verify` prints it: as an agent without options sets the knobs, then those for
# packets with all that options add (Geneve, its MSS, counts, frames for other machines, a bond below, or the stack's XDP), called "NAME, all options".
# Usage: verify.sh VERIFY
set -euo pipefail
cd "$(dirname "$0")/../.."
verify=$1 conntrack=cfg_conntrack=0
# As the agent sets it: by what the module has when it is there, or the kernel itself.
if [ -e /sys/kernel/btf/nf_conntrack ] || grep -q ' bpf_skb_ct_lookup$' /proc/kallsyms; then conntrack=cfg_conntrack=1; fi
all="cfg_tunnel=2 cfg_tunnel_mss=100 cfg_traffic=1 cfg_check_frame=1"

# corner NAME KNOB=VALUE...
corner() {
	"$verify" "$conntrack" "${@:2}" build/bpf/ebpflb.bpf.o | awk -F'\t' -v OFS='\t' -v corner="$1" \
		'$2 ~ /^lb_(in|out|xdp)/ { $2 = $2 ", " corner; print }'
}

"$verify" cfg_was4=1 cfg_was6=1 "$conntrack" build/bpf/ebpflb.bpf.o build/bpf/iter/*.bpf.o build/bpf/switch/*.bpf.o
# shellcheck disable=SC2086
corner "all options" $all
# shellcheck disable=SC2086
corner "all options, bond" $all cfg_xdp_bond=7
# shellcheck disable=SC2086
corner "all options, generic" $all cfg_xdp_generic=1
