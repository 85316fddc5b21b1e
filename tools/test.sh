#!/usr/bin/env bash
# Runs every test project and adds up what they print. Usage: tools/test.sh [NAME-PATTERN...]
# The last line is "N passed, N failed"; a skipped test counts as failed, as does a project that ran none.
set -uo pipefail
cd "$(dirname "$0")/.."
config=${CONFIG:-Release}
export PATH="$PATH:$PWD/build/tools:/usr/sbin:/sbin"
passed=0 failed=0
for project in tests/*.Tests tests/EbpfLb.Scenarios tests/EbpfLb.E2E; do
	name=$(basename "$project")
	if [ $# -gt 0 ]; then
		hit=; for want in "$@"; do [[ $name == *$want* ]] && hit=1; done
		[ -n "$hit" ] || continue
	fi
	exe=build/dotnet/bin/$name/${config,,}/$name
	echo "== $name"
	log=$(mktemp)
	"$exe" -noLogo -noColor 2>&1 | tee "$log" | grep -vE '^ *(Discover|Starting|Finished)' || true
	# "  EbpfLb.Model.Tests  Total: 12, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 0.1s"
	read -r total errors fails skipped < <(sed -nE \
		's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/p' "$log" | tail -n 1)
	rm -f "$log"
	bad=$(( ${errors:-0} + ${fails:-0} + ${skipped:-0} ))
	[ "${total:-0}" -gt 0 ] || { echo "$name ran no test"; bad=1; total=1; }
	passed=$(( passed + total - bad )) failed=$(( failed + bad ))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
