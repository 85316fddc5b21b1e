#!/usr/bin/env bash
# Runs test projects and adds up what they print. Usage: tools/test.sh [NAME-PATTERN...] [FILTER...]
# Without a pattern all projects; a filter of xunit, such as -class NAME or -method '*Spread*', goes to each that is chosen.
# The last line is "N passed, N failed"; a skipped test counts as failed, as does a project that ran none. What failed is said
# where it happens and again before that line, so that the end of a log is enough to know it.
#
# What the machine lacks fails once, in EbpfLb.Preconditions.Tests, which run first; the tests that need it are left out then.
# Small projects run side by side; those that use the kernel's names and CPUs for minutes run alone, several tests at a time.
set -uo pipefail
cd "$(dirname "$0")/.."
config=${CONFIG:-Release}
export PATH="$PATH:$PWD/build/tools:/usr/sbin:/sbin"
patterns=() filters=()
for argument in "$@"; do
	if [ "${#filters[@]}" -gt 0 ] || [[ $argument == -* ]]; then filters+=("$argument"); else patterns+=("$argument"); fi
done
passed=0 failed=0
logs=$(mktemp -d)
again=$logs/again
touch "$again"
trap 'rm -rf "$logs"' EXIT

# What the log of a project says of the tests that did not pass: 20 lines a test, and after 60 lines only names, 60 at most.
# A test begins "    Its.Name [FAIL]", an error outside of tests "    [Its kind] type"; what belongs to them is indented further.
repeat_failed() {
	awk '/^ ? ? ? ?[^ ]/ { of = 0; said = /^    [^ ].* \[(FAIL|SKIP)\]$/ || /^    \[[^]]*\] / }
		said && of == 0 { of = 1; if (lines < 60 || ++names <= 60) { print; lines++ } else left++; next }
		said && lines < 60 && of < 20 { print; lines++; of++ }
		END { if (left) print "    ... and " left " more" }' "$1"
}

is_chosen() {
	local want
	[ "${#patterns[@]}" -gt 0 ] || return 0
	for want in "${patterns[@]}"; do [[ $1 != *$want* ]] || return 0; done
	return 1
}

# run PROJECT [ARGUMENT...]: its output goes to $logs/PROJECT, how many seconds it took to $logs/PROJECT.time.
run() {
	local name=$1 began=$SECONDS
	"build/dotnet/bin/$name/${config,,}/$name" -noLogo -noColor "${@:2}" >"$logs/$name" 2>&1
	echo $((SECONDS - began)) >"$logs/$name.time"
}

without_noise() { grep --line-buffered -vE '^ *(Discover|Starting|Finished)|^=== TEST EXECUTION SUMMARY|Total: [0-9]+, Errors|^Ok, passed [0-9]+ tests' || true; }

# report PROJECT [shown]: what it said (unless it was shown while it ran) and what came of it.
report() {
	local name=$1 log=$logs/$1 total errors fails skipped bad
	# "  EbpfLb.Model.Tests  Total: 12, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 0.1s"
	read -r total errors fails skipped < <(sed -nE \
		's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/p' "$log" | tail -n 1)
	bad=$(( ${errors:-0} + ${fails:-0} + ${skipped:-0} ))
	if [ "${total:-0}" -eq 0 ] && [ "$bad" -eq 0 ] && grep -q 'Total: 0' "$log" && [ $(( ${#filters[@]} + ${#left_out[@]} )) -gt 0 ]; then
		[ "${#left_out[@]}" -eq 0 ] || [ "${#filters[@]}" -gt 0 ] || echo "== $name: left out, since ${missing[*]} is missing"
		return
	fi
	[ "${2:-}" = shown ] || { echo "== $name"; without_noise <"$log"; }
	if [ "${total:-0}" -eq 0 ] && [ "$bad" -eq 0 ]; then
		echo "$name ran no test" | tee -a "$again"
		tail -n 20 "$log" >>"$again"
		bad=1 total=1
	elif [ "$bad" -gt 0 ]; then
		{ echo "-- did not pass in $name"; repeat_failed "$log"; } >>"$again"
	fi
	# An error outside of tests is none of the total.
	[ "$total" -ge "$bad" ] || total=$bad
	echo "   $(( total - bad )) of $total in $(cat "$logs/$name.time") s"
	passed=$(( passed + total - bad )) failed=$(( failed + bad ))
}

left_out=() missing=()
run EbpfLb.Preconditions.Tests
while read -r need; do
	missing+=("$need")
	left_out+=(-trait- "needs=$need")
done < <(sed -nE 's/^ +EbpfLb\.Preconditions\.Tests\..*The_machine_has\(need: "([a-z0-9]+)"\) \[FAIL\]$/\1/p' "$logs/EbpfLb.Preconditions.Tests")

small=() large=()
for project in tests/*.Tests tests/EbpfLb.Scenarios tests/EbpfLb.E2E; do
	name=$(basename "$project")
	[ "$name" != EbpfLb.Preconditions.Tests ] && is_chosen "$name" || continue
	case $name in
		EbpfLb.Datapath.Tests | EbpfLb.E2E) large+=("$name") ;;
		*) small+=("$name") ;;
	esac
done
# Asked for one thing, what the machine lacks is said only where it matters.
if [ "${#missing[@]}" -gt 0 ] || { [ "${#filters[@]}" -eq 0 ] && is_chosen EbpfLb.Preconditions.Tests; }; then report EbpfLb.Preconditions.Tests; fi

# As many at a time as there are CPUs, each said when it and those before it are done.
together=$(nproc)
for ((i = 0; i < ${#small[@]} + together; i++)); do
	if [ "$i" -ge "$together" ]; then
		at=$((i - together))
		wait "${pids[$at]}"
		report "${small[$at]}"
	fi
	if [ "$i" -lt "${#small[@]}" ]; then
		run "${small[$i]}" "${filters[@]}" "${left_out[@]}" &
		pids[$i]=$!
	fi
done
for name in "${large[@]}"; do
	if [ "${#filters[@]}" -gt 0 ]; then
		run "$name" "${filters[@]}" "${left_out[@]}"
		report "$name"
		continue
	fi
	# These take minutes: what fails is shown when it fails.
	echo "== $name"
	touch "$logs/$name"
	run "$name" "${left_out[@]}" &
	pid=$!
	tail -n +1 -f -s 0.2 --pid="$pid" "$logs/$name" | without_noise
	wait "$pid"
	report "$name" shown
done
cat "$again"
[ $((passed + failed)) -gt 0 ] || echo "no test of ${patterns[*]:-any project} matches ${filters[*]:-that}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
