#!/usr/bin/env bash
# Installs what building, testing and the demo need on Debian 12. Does nothing for what is there already.
set -euo pipefail

# command -> package
need=(
	clang:clang llvm-strip:llvm bpftool:bpftool ip:iproute2 make:make
	clang-format:clang-format promtool:prometheus tcpdump:tcpdump curl:curl openssl:openssl
)
packages=()
for pair in "${need[@]}"; do
	PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || packages+=("${pair##*:}")
done
[ -e /usr/include/stdio.h ] || packages+=(libc6-dev)
[ -e /usr/include/bpf/bpf_helpers.h ] || packages+=(libbpf-dev)
[ -e /usr/include/asm/types.h ] || [ -e "/usr/include/$(uname -m)-linux-gnu/asm/types.h" ] || packages+=(linux-libc-dev)
ldconfig -p | grep -q 'libbpf\.so\.1' || packages+=(libbpf1)

if [ "${#packages[@]}" -gt 0 ]; then
	if [ "$(id -u)" -ne 0 ]; then
		echo "missing packages: ${packages[*]}. Run as root, or: apt-get install ${packages[*]}" >&2
		exit 1
	fi
	echo "installing: ${packages[*]}"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

if ! command -v dotnet >/dev/null 2>&1; then
	echo "the .NET SDK 10 is missing: install the package dotnet-sdk-10.0 (https://learn.microsoft.com/dotnet/core/install/linux)" >&2
	exit 1
fi
