#!/usr/bin/env bash
# What the running kernel's verifier says of every program, as `verify` prints it: as an agent without options sets the knobs, then those for
# packets with all that options add (Geneve, its MSS, counts, frames for other machines, a bond below, or the stack's XDP), called "NAME, all options".
# Then both of what other compilers made, where run.sh had them. Where programs are interpreted, of the object that the agent takes there.
# Usage: verify.sh VERIFY
set -euo pipefail
cd "$(dirname "$0")/../.."
verify=$1 conntrack=cfg_conntrack=0
# As the agent sets it: by what the module has when it is there, or the kernel itself.
if [ -e /sys/kernel/btf/nf_conntrack ] || grep -q ' bpf_skb_ct_lookup$' /proc/kallsyms; then conntrack=cfg_conntrack=1; fi
object=ebpflb.bpf.o
if [ "$(cat /proc/sys/net/core/bpf_jit_enable 2>/dev/null || echo 0)" = 0 ]; then object=plain.bpf.o conntrack=cfg_conntrack=0; fi
all="cfg_tunnel=2 cfg_tunnel_mss=100 cfg_traffic=1 cfg_check_frame=1"

# named SUFFIX KNOB=VALUE... OBJECT...: the same, with a suffix to each program's name.
named() {
	"$verify" "$conntrack" "${@:2}" | awk -F'\t' -v OFS='\t' -v suffix="$1" '{ $2 = $2 suffix; print }'
}

# corner NAME KNOB=VALUE... OBJECT
corner() {
	named ", $1" "${@:2}" | awk -F'\t' '$2 ~ /^lb_(in|out|xdp)/'
}

"$verify" cfg_was4=1 cfg_was6=1 "$conntrack" "build/bpf/$object" build/bpf/iter/*.bpf.o build/bpf/switch/*.bpf.o
# shellcheck disable=SC2086
corner "all options" $all "build/bpf/$object"
# shellcheck disable=SC2086
corner "all options, bond" $all cfg_xdp_bond=7 "build/bpf/$object"
# shellcheck disable=SC2086
corner "all options, generic" $all cfg_xdp_generic=1 "build/bpf/$object"
for compiler in build/kernels/clang-*; do
	[ -e "$compiler/bpf" ] || continue
	name="clang ${compiler##*-}" bpf=$compiler/bpf
	named ", $name" cfg_was4=1 cfg_was6=1 "$bpf/$object" "$bpf"/iter/*.bpf.o "$bpf"/switch/*.bpf.o
	# shellcheck disable=SC2086
	corner "all options, $name" $all "$bpf/$object"
done
