#!/usr/bin/env bash
# Installs what building and the demo need on Debian 12; with the argument "test" also what the tests need.
# Does nothing for what is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

# command:package
need=(clang:clang llvm-strip:llvm bpftool:bpftool ip:iproute2 make:make curl:curl)
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

# Tests start a Prometheus of their own; nobody asked to have the package's running: only the programs are taken out.
if [ "${1:-}" = test ] && ! { command -v promtool && command -v prometheus; } >/dev/null 2>&1 && [ ! -x build/tools/prometheus ]; then
	echo "unpacking: prometheus, promtool"
	there=$(mktemp -d)
	trap 'rm -rf "$there"' EXIT
	apt-get update -qq
	(cd "$there" && apt-get -o APT::Sandbox::User=root download -qq prometheus >/dev/null && dpkg-deb -x prometheus_*.deb .)
	mkdir -p build/tools
	cp "$there/usr/bin/promtool" "$there/usr/bin/prometheus" build/tools/
fi

if ! command -v dotnet >/dev/null 2>&1; then
	echo "the .NET SDK 10 is missing: install the package dotnet-sdk-10.0 (https://learn.microsoft.com/dotnet/core/install/linux)" >&2
	exit 1
fi
