#!/usr/bin/env bash
# Upgrades under load to and from agents of each other layout, whole and killed at ten moments (`make upgrade`, root); writes the table of
# docs/upgrades.md. Usage: run.sh [VARIANT...];
# REQUESTS=20000 short connections and datagrams for each.
set -euo pipefail
cd "$(dirname "$0")/../.."
variants=${*:-every $(tools/upgrade/variant.sh | tr '\n' ' ')}
for variant in $variants; do
	make --no-print-directory "build/upgrade/$variant/ebpflb"
done
figures=$PWD/build/upgrade/figures
rm -f "$figures"
touch "$figures"
failed=0
EBPFLB_UPGRADE_VARIANTS="$variants" EBPFLB_UPGRADE_REQUESTS=${REQUESTS:-20000} EBPFLB_UPGRADE_FIGURES=$figures \
	build/dotnet/bin/EbpfLb.E2E/release/EbpfLb.E2E -class EbpfLb.E2E.Upgrades.UpgradeTests -noLogo || failed=$?
EBPFLB_UPGRADE_MOMENTS=all build/dotnet/bin/EbpfLb.E2E/release/EbpfLb.E2E -class EbpfLb.E2E.Upgrades.InterruptedUpgradeTests -noLogo || failed=$?
sort -o "$figures" "$figures"
cat "$figures"
# Only a whole run is a table.
if [ $# -eq 0 ]; then
	{
		sed '/^| layout /,$d' docs/upgrades.md
		echo "| layout | upgrades and downgrades | short | failed | held | cut | moved | wrong addresses |"
		echo "|---|---|---|---|---|---|---|---|"
		cat "$figures"
		echo
		echo "By \`make upgrade\` on $(date -u +%F), kernel $(uname -r), $(nproc) CPUs, load average $(cut -d' ' -f1 /proc/loadavg) at its end."
	} >build/upgrade/table
	mv build/upgrade/table docs/upgrades.md
fi
exit "$failed"
