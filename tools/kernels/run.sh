#!/usr/bin/env bash
# Tries the BPF objects of this checkout on real kernels (`make kernels`, root): every program of every object through the
# verifier of each, one by one, and writes the table of docs/kernels.md. With "packets" also some packet tests, with "demo" also
# the demo, with "devices" agents on nodes with bonds and VLANs, with "modules" agents that meet SCTP sockets and ipip devices, whose
# tables it writes too; each of them takes minutes a kernel, because there is no hardware help for qemu to count on.
# Usage: run.sh [packets] [demo] [devices] [modules]; KERNELS="6.1 6.12" chooses among 5.10, 6.1 and 6.12
set -euo pipefail
cd "$(dirname "$0")/../.."
kernels=${KERNELS:-5.10 6.1 6.12}
there=$PWD/build/kernels
classes=${CLASSES:-Packets.Matrix.ForwardTests,Packets.Matrix.TcpStateTests,Packets.Matrix.FlowTests,Packets.Matrix.UsedUpTests}
[ -n "${CLASSES:-}" ] || classes+=,Packets.Front.FlowInFrontTests,Packets.Front.TimeWaitGuardInFrontTests,Packets.Replies.ResetTests
[ -n "${CLASSES:-}" ] || classes+=,Loader.VerifierTests,Select.SelectTests
begin=$SECONDS
mkdir -p "$there/results"
rm -f "$there"/results/*
# What has no source any more is left from an earlier build.
for object in build/bpf/{iter,switch}/*.bpf.o; do
	[ -e "$(sed 's|^build/||; s|\.o$|.c|' <<<"$object")" ] || rm "$object"
done
for compiler in 16 19; do
	make -s bpf CLANG=clang-$compiler BUILD=build/kernels/clang-$compiler
done
clang -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Werror -static tools/kernels/verify.c -o "$there/verify" -lbpf -lelf -lz
# shellcheck disable=SC2086
tools/kernels/fetch.sh $kernels
# shellcheck disable=SC2086
tools/kernels/image.sh $kernels

columns=()
# try COLUMN KERNEL [WORD...]
try() {
	echo "== $1" >&2
	columns+=("$1")
	# qemu spoils a kernel now and then as it boots, on a loaded machine.
	local attempt
	for attempt in 1 2 3; do
		! tools/kernels/boot.sh "$2" facts,verify "${@:3}" > "$there/results/$1" || return 0
		echo "== $1 did not come to its end, attempt $attempt" >&2
	done
	return 1
}
for kernel in $kernels; do
	try "$kernel" "$kernel"
done
for mode in integrity confidentiality; do
	for kernel in $kernels; do
		[ "$kernel" = 5.10 ] || try "$kernel, $mode" "$kernel" "lockdown=$mode"
	done
done
columns+=("this machine")
{
	echo "release $(uname -r)"
	tools/kernels/verify.sh "$there/verify"
} > "$there/results/this machine"

# A row for each program, a column for each kernel: verified instructions, or the error.
table() {
	local column
	printf '| program |'; printf ' %s |' "${columns[@]}"; echo
	printf '|---|'; printf -- '---|%.0s' "${columns[@]}"; echo
	printf '| release |'
	for column in "${columns[@]}"; do printf ' %s |' "$(sed -n 's/^release //p' "$there/results/$column")"; done
	echo
	awk -F'\t' 'NF >= 4 { print $1 "\t" $2 }' "$there/results/this machine" | while IFS=$'\t' read -r object program; do
		printf '| %s |' "$program"
		for column in "${columns[@]}"; do
			printf ' %s |' "$(awk -F'\t' -v object="$object" -v program="$program" '$1 == object && $2 == program {
				print $3 == "ok" ? $4 : "**" $4 "**"; exit }' "$there/results/$column")"
		done
		echo
	done
	echo
	echo "What was refused, and the verifier's last words:"
	echo
	for column in "${columns[@]}"; do
		awk -F'\t' -v column="$column" '$3 == "refused" { why = $4 ($5 == "" ? "" : " (" $5 ")"); by[why] = by[why] ", " $2 }
			END { for (why in by) print "- " column ": " substr(by[why], 3) ": " why }' "$there/results/$column"
	done | sed 's/|/\\|/g'
	echo
	echo "The deepest chain of calls takes $(awk -F'\t' '$3 == "ok" && $5 > most { most = $5 } END { print most }' "$there/results/this machine") of 512 bytes of stack, with frames of 32 bytes."
}
page=docs/kernels.md
{
	sed '/^<!-- make kernels -->$/q' "$page"
	echo
	table
} > "$there/page" && mv "$there/page" "$page"
cat "$page"
# A row for each case of each kernel.
devices_table() {
	echo "| kernel | uplink | XDP | requests answered | failed | held connections | packets that XDP ended | \`ebpflb verify\` | \`ebpflb status\` |"
	echo "|---|---|---|---|---|---|---|---|---|"
	rows devices
}

modules_table() {
	echo "| kernel | case | what | answered | failed | held that go on |"
	echo "|---|---|---|---|---|---|"
	rows modules
}

# What this run found, after the rows of the page for what it did not try.
rows() {
	local kernel
	for kernel in $kernels; do
		[ ! -e "$there/results/$1 $kernel" ] || awk -F'\t' -v kernel="$kernel" '$1 == "case" {
			printf "| %s |", kernel; for (i = 2; i <= NF; i++) printf " %s |", $i; printf "\n" }' "$there/results/$1 $kernel"
	done > "$there/rows"
	awk -F' [|] ' -v first="<!-- $1 -->" -v last="<!-- end of $1 -->" '
		FNR == NR { tried[$1, $2, $3] = 1; next }
		$0 == last { exit }
		on && /^[|] [0-9]/ && !(($1, $2, $3) in tried)
		$0 == first { on = 1 }' "$there/rows" "$page"
	cat "$there/rows"
}

code=0
for task; do
	case $task in packets | demo | devices | modules) ;; *) echo "there is no task '$task': packets, demo, devices, modules" >&2; exit 2 ;; esac
	for kernel in $kernels; do
		# The agent does not start on it.
		case "$task $kernel" in "devices 5.10" | "modules 5.10") continue ;; esac
		echo "== $task on $kernel"
		TIMEOUT=${TIMEOUT:-2400} tools/kernels/boot.sh "$kernel" "facts,$task" "classes=$classes" "cases=${CASES:-}" \
			| tee "$there/results/$task $kernel"
		grep -q "^== $task took .* exit 0" "$there/results/$task $kernel" || code=1
	done
	case $task in devices | modules) ;; *) continue ;; esac
	{
		awk -v mark="<!-- $task -->" '{ print } $0 == mark { exit }' "$page"
		echo
		"${task}_table"
		echo
		awk -v mark="<!-- end of $task -->" '$0 == mark { on = 1 } on' "$page"
	} > "$there/page"
	mv "$there/page" "$page"
done
echo "took $((SECONDS - begin)) s"
exit "$code"
