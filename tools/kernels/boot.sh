#!/usr/bin/env bash
# Boots a kernel that fetch.sh and image.sh have prepared, in software, and prints what its tasks print.
# Usage: boot.sh NAME TASK[,TASK...] [WORD...]    words go to the kernel's command line, classes=..., lockdown=... and jit=0 among them
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1 tasks=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat build/kernels/root.cpio "build/kernels/$name/modules.cpio" > "$work/initrd"
# The kernel does without cmpxchg16b (clearcpuid=141): qemu 7.2 spoils the flags behind it now and then, and the allocator of 6.12
# falls over that. The processor has it all the same, as .NET does not start on one without.
# Two network cards on one wire.
wire=()
for card in 1 2; do
	wire+=(-netdev "hubport,id=wire$card,hubid=1" -device "virtio-net-pci,netdev=wire$card,mac=02:00:00:00:07:0$card,romfile=")
done
timeout "${TIMEOUT:-1200}" qemu-system-x86_64 -accel tcg -cpu max -smp "${CPUS:-2}" -m "${MEMORY:-3072}" -nodefaults -nographic -no-reboot \
	"${wire[@]}" -kernel "build/kernels/$name/vmlinuz" -initrd "$work/initrd" \
	-append "console=ttyS0 panic=-1 quiet no_timer_check clearcpuid=141 tasks=$tasks $*" \
	-serial "file:$work/console" -serial "file:$work/out" < /dev/null || echo "qemu: exit $?" >> "$work/console"
tr -d '\r' < "$work/out"
if ! grep -q "^== ${tasks##*,} took" "$work/out"; then
	echo "the kernel did not come to the end of its tasks; its console:" >&2
	tail -n 30 "$work/console" >&2
	exit 1
fi
