#!/usr/bin/env bash
# Gives damaged inputs to everything that reads what others write: parsers (tests/EbpfLb.Fuzz) and the programs at devices
# (tests/EbpfLb.Datapath.Tests/Packets/Fuzz, as root). Usage: [N=50000] [SEED=7] tools/fuzz.sh [NAME|packets]
set -uo pipefail
cd "$(dirname "$0")/.."
only=${1:-all}
seed=${SEED:-$((RANDOM + 1))}
config=${CONFIG:-Release}
failed=0
if [ "$only" != packets ]; then
	SEED=$seed build/dotnet/bin/EbpfLb.Fuzz/"${config,,}"/EbpfLb.Fuzz "$only" || failed=1
fi
if [ "$only" = packets ] || [ "$only" = all ]; then
	# Six times 15,000 damaged packets and 15,000 frames of noise, as often as it takes.
	times=$(( (${N:-50000} + 104999) / 105000 ))
	echo "packets: seed $seed, $((times * 105000)) packets, each to XDP as well where it comes in"
	EBPFLB_FUZZ_SEED=$seed EBPFLB_FUZZ=$times build/dotnet/bin/EbpfLb.Datapath.Tests/"${config,,}"/EbpfLb.Datapath.Tests \
		-noLogo -noColor -class '*.Packets.Fuzz.FuzzTests' || failed=1
fi
exit "$failed"
