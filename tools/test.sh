#!/usr/bin/env bash
# Runs every test project and adds up what they print. Usage: tools/test.sh [NAME-PATTERN...]
# The last line is "N passed, N failed"; a skipped test counts as failed, as does a project that ran none. What failed is said
# where it happens and again before that line, so that the end of a log is enough to know it.
set -uo pipefail
cd "$(dirname "$0")/.."
config=${CONFIG:-Release}
export PATH="$PATH:$PWD/build/tools:/usr/sbin:/sbin"
passed=0 failed=0
again=$(mktemp) log=$(mktemp)
trap 'rm -f "$again" "$log"' EXIT

# What the log of a project says of the tests that did not pass: 20 lines a test, and after 60 lines only names, 60 at most.
# A test begins "    Its.Name [FAIL]", an error outside of tests "    [Its kind] type"; what belongs to them is indented further.
repeat_failed() {
	awk '/^ ? ? ? ?[^ ]/ { of = 0; said = /^    [^ ].* \[(FAIL|SKIP)\]$/ || /^    \[[^]]*\] / }
		said && of == 0 { of = 1; if (lines < 60 || ++names <= 60) { print; lines++ } else left++; next }
		said && lines < 60 && of < 20 { print; lines++; of++ }
		END { if (left) print "    ... and " left " more" }' "$1"
}

for project in tests/*.Tests tests/EbpfLb.Scenarios tests/EbpfLb.E2E; do
	name=$(basename "$project")
	if [ $# -gt 0 ]; then
		hit=; for want in "$@"; do [[ $name == *$want* ]] && hit=1; done
		[ -n "$hit" ] || continue
	fi
	exe=build/dotnet/bin/$name/${config,,}/$name
	echo "== $name"
	"$exe" -noLogo -noColor 2>&1 | tee "$log" | grep -vE '^ *(Discover|Starting|Finished)' || true
	# "  EbpfLb.Model.Tests  Total: 12, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 0.1s"
	read -r total errors fails skipped < <(sed -nE \
		's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/p' "$log" | tail -n 1)
	bad=$(( ${errors:-0} + ${fails:-0} + ${skipped:-0} ))
	if [ "${total:-0}" -eq 0 ]; then
		echo "$name ran no test" | tee -a "$again"
		tail -n 20 "$log" >>"$again"
		bad=1 total=1
	elif [ "$bad" -gt 0 ]; then
		{ echo "-- did not pass in $name"; repeat_failed "$log"; } >>"$again"
	fi
	passed=$(( passed + total - bad )) failed=$(( failed + bad ))
done
cat "$again"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
