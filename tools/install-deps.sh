#!/usr/bin/env bash
# Installs from Debian 12's packages what is missing. Usage: tools/install-deps.sh [test] [bench] [kernels] [cross]
# Without an argument: what building and the demo call. "test" adds what `make test` calls, "bench" what `make bench` calls,
# "kernels" what `make kernels` calls, "cross" what building for another architecture needs.
# "list" in front only prints the programs, "program:package" a line; a test compares them with those that the tests call.
set -euo pipefail
cd "$(dirname "$0")/.."

need=(clang:clang llvm-strip:llvm llvm-link:llvm bpftool:bpftool ip:iproute2 make:make curl:curl awk:mawk nsenter:util-linux flock:util-linux)
list= prometheus= proxies= shared= others= node=
# Programs that write rules, addresses and routes, that load programs of their own or run containers, and what is in them that tests call.
others_packages="firewalld python3-firewall python3-nftables ufw docker.io containerd runc containernetworking-plugins"
others_packages+=" crun libyajl2 golang-github-containers-common xdp-tools libxdp1 keepalived bird2"
others_programs=(firewalld:firewalld firewall-cmd:firewalld ufw:ufw dockerd:docker.io containerd:containerd ctr:containerd runc:runc crun:crun)
others_programs+=(xdp-loader:xdp-tools xdp-filter:xdp-tools keepalived:keepalived bird:bird2 birdc:bird2)
# A Debian of its own that tests boot and install the package in: that release's systemd can do all with BPF that it has directives for.
node_suite=trixie
node_packages="systemd,libbpf1,apt,libssl3t64"
for what in "$@"; do
	case $what in
		list) list=yes ;;
		test)
			need+=(tcpdump:tcpdump tc:iproute2 iptables-restore:iptables iptables-nft-restore:iptables iptables-legacy-restore:iptables nft:nftables bash:bash chroot:coreutils env:coreutils readlink:coreutils unshare:util-linux setpriv:util-linux mount:mount umount:mount)
			need+=(mmdebstrap:mmdebstrap)
			need+=(dpkg-deb:dpkg tar:tar gzip:gzip systemd-analyze:systemd jq:jq)
			need+=(zsh:zsh fish:fish man:man-db groff:groff-base chromium:chromium)
			need+=(python3:python3 dbus-daemon:dbus-daemon sed:sed)
			prometheus=yes shared=yes others=build/tools/others node=build/tools/node
			;;
		bench)
			need+=(iptables-legacy-restore:iptables nft:nftables bash:bash ps:procps taskset:util-linux)
			shared=yes proxies=yes
			;;
		kernels)
			need+=(qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio xz:xz-utils find:findutils tcpdump:tcpdump setpriv:util-linux ethtool:ethtool)
			need+=(clang-16:clang-16 llvm-link-16:llvm-16 clang-19:clang-19 llvm-link-19:llvm-19)
			;;
		cross) need+=(ld.lld:lld llvm-objcopy:llvm dpkg-deb:dpkg) ;;
		*) echo "usage: tools/install-deps.sh [list] [test] [bench] [kernels] [cross]" >&2; exit 2 ;;
	esac
done

if [ -n "$list" ]; then
	printf '%s\n' "${need[@]}" ${prometheus:+prometheus:prometheus promtool:prometheus} ${proxies:+haproxy:haproxy nginx:nginx} \
		${others:+"${others_programs[@]}"}
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

# Modules of Python by which firewalld and its command talk to each other.
[ -z "$others" ] || for module in gi:python3-gi dbus:python3-dbus; do
	[ -e "/usr/lib/python3/dist-packages/${module%%:*}" ] || packages+=("${module##*:}")
done
# Libraries of keepalived and bird, whose packages are not installed.
[ -z "$others" ] || for library in libnl-genl-3.so.200:libnl-genl-3-200 libnetsnmpmibs.so.40:libsnmp40 libnftnl.so.11:libnftnl11 \
	libmnl.so.0:libmnl0 libgio-2.0.so.0:libglib2.0-0 libpcre2-8.so.0:libpcre2-8-0 libssl.so.3:libssl3 libssh-gcrypt.so.4:libssh-gcrypt-4 \
	libreadline.so.8:libreadline8; do
	ldconfig -p | grep -q "${library%%:*}" || packages+=("${library##*:}")
done

if has haproxy && has nginx && { [ -e /usr/lib/nginx/modules/ngx_stream_module.so ] || [ -e build/tools/ngx_stream_module.so ]; }; then proxies=; fi
# Libraries of a haproxy whose package is not installed.
[ -z "$proxies" ] || for library in liblua5.3.so.0:liblua5.3-0 libopentracing-c-wrapper.so.0:libopentracing-c-wrapper0 libpcre2-8.so.0:libpcre2-8-0; do
	ldconfig -p | grep -q "${library%%:*}" || packages+=("${library##*:}")
done

# What cannot be installed is said with all that is missing, once.
refuse() {
	echo "missing packages: ${packages[*]} ${prometheus:+prometheus} ${proxies:+haproxy nginx} ${others:+$others_packages} ${node:+$node_suite: $node_packages}. $1" >&2
	exit 1
}

if { has prometheus && has promtool; } then prometheus=; fi
# The list is kept beside them: they are there when all of it is.
if [ -n "$others" ] && [ "$(cat "$others/packages" 2>/dev/null)" = "$others_packages" ]; then others=; fi
if [ -n "$node" ] && [ "$(cat "$node/packages" 2>/dev/null)" = "$node_suite $node_packages" ]; then node=; fi
if [ "${#packages[@]}" -gt 0 ] || [ -n "$prometheus$proxies$others$node" ]; then
	[ "$(id -u)" -eq 0 ] || refuse "Run this as root, or have them installed."
	command -v apt-get >/dev/null || refuse "There is no apt-get here: install what holds them on this distribution."
	apt-get update -qq
fi
if [ "${#packages[@]}" -gt 0 ]; then
	echo "installing: ${packages[*]}"
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# Tests and benchmarks start these themselves; nobody asked to have a package's service running: only programs are taken out.
# unpack PACKAGES FILES: files of the packages into build/tools.
unpack() {
	echo "unpacking: $2"
	there=$(mktemp -d)
	trap 'rm -rf "$there"' EXIT
	(cd "$there" && apt-get -o APT::Sandbox::User=root download -qq $1 >/dev/null && for package in *.deb; do dpkg-deb -x "$package" .; done)
	mkdir -p build/tools
	for file in $2; do cp "$there/$file" build/tools/; done
	rm -rf "$there"
}
[ -z "$prometheus" ] || unpack prometheus "usr/bin/promtool usr/bin/prometheus"
[ -z "$proxies" ] || unpack "haproxy nginx libnginx-mod-stream" "usr/sbin/haproxy usr/sbin/nginx usr/lib/nginx/modules/ngx_stream_module.so"

# Of these all files, as tests lay them over /usr and /etc of mount namespaces: installed, firewalld and ufw would rule this machine.
if [ -n "$others" ]; then
	echo "unpacking: $others_packages"
	rm -rf "$others" "$others.part"
	mkdir -p "$others.part/packages.d"
	(cd "$others.part/packages.d" && apt-get -o APT::Sandbox::User=root download -qq $others_packages >/dev/null)
	for package in "$others.part"/packages.d/*.deb; do dpkg-deb -x "$package" "$others.part"; done
	rm -r "$others.part/packages.d"
	# /lib and /sbin are links into /usr, where the rest of these packages is.
	for directory in lib sbin bin; do
		[ ! -e "$others.part/$directory" ] || { mkdir -p "$others.part/usr/$directory"; cp -a "$others.part/$directory/." "$others.part/usr/$directory/"; rm -r "$others.part/$directory"; }
	done
	echo "$others_packages" >"$others.part/packages"
	mv "$others.part" "$others"
fi

# From the mirror of this machine's apt. Neither documents nor what apt downloaded: tests only read it.
if [ -n "$node" ]; then
	echo "making a Debian $node_suite of: $node_packages"
	rm -rf "$node.part"
	mkdir -p "$node.part"
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | awk '$2 == "bookworm" && $3 == "main" && !seen++ { print $1 }')
	mmdebstrap --quiet --variant=essential --include="$node_packages" --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io --customize-hook='rm "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap' \
		"$node_suite" "$node.part/root" "${mirror:-http://deb.debian.org/debian}" || {
		echo "no Debian $node_suite was made from ${mirror:-http://deb.debian.org/debian}: the mirror must have it, and the package debian-archive-keyring its keys; tests/EbpfLb.E2E/Systemd needs it" >&2
		exit 1
	}
	echo "$node_suite $node_packages" >"$node.part/packages"
	rm -rf "$node"
	mv "$node.part" "$node"
fi

if ! command -v dotnet >/dev/null 2>&1 || ! dotnet --list-sdks | grep -q '^10\.'; then
	echo "the .NET SDK 10 is missing: install the package dotnet-sdk-10.0 (https://learn.microsoft.com/dotnet/core/install/linux)" >&2
	exit 1
fi

# An installation that did not bring a program would send its caller back here for ever.
for pair in "${need[@]}"; do
	has "${pair%%:*}" || { echo "'${pair%%:*}' is still missing, though the package ${pair##*:} is installed: is PATH right? ($PATH)" >&2; exit 1; }
done
