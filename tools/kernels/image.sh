#!/usr/bin/env bash
# Makes what a kernel boots into, below build/kernels: root.cpio, this checkout's build with the programs it needs, the same for
# all kernels; NAME/modules.cpio, the modules of each. Usage: image.sh NAME...
set -euo pipefail
cd "$(dirname "$0")/../.."
there=$PWD/build/kernels
PATH=$PATH:/usr/sbin:/sbin

# With all of coreutils.
programs=(bash sh awk sed grep find xargs flock setsid nsenter ip tc ethtool bpftool mount umount curl diff setpriv tcpdump)
# Opened while running, so that nothing names them: by .NET and by the agent.
libraries=(libbpf.so.1 libssl.so.3 libcrypto.so.3 libstdc++.so.6 libgcc_s.so.1 libm.so.6 librt.so.1 libdl.so.2 libpthread.so.0)
modules=(veth bridge dummy 8021q bonding macvlan ipvlan vxlan tun sch_ingress cls_bpf nf_conntrack sctp inet_diag tcp_diag udp_diag
	wireguard ip_gre ip6_gre ipip virtio_pci virtio_net)

# copy FILE: to the same place in the image, with the libraries it names.
copy() {
	local file real
	for file in "$1" $(ldd "$1" 2> /dev/null | grep -oE '/[^ ]+'); do
		[ ! -e "$root$file" ] || continue
		real=$(readlink -f "$file")
		mkdir -p "$root$(dirname "$file")"
		cp -L "$real" "$root$file"
	done
}

make_root() {
	local name program dotnet library compiler
	root=$(mktemp -d)
	mkdir -p "$root"/{proc,sys,dev,run,tmp,etc,root,usr/bin,usr/sbin,usr/lib,usr/lib64,repo/build/dotnet/bin}
	for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
	for name in "${programs[@]}" $(dpkg -L coreutils | sed -nE 's,^/(usr/)?bin/,,p'); do
		program=$(readlink -f "$(type -P "$name")") || { echo "'$name' is not installed" >&2; exit 1; }
		copy "$program"
		[ -e "$root/usr/bin/$name" ] || ln -s "$program" "$root/usr/bin/$name"
	done
	copy "$(type -P busybox)"
	for name in modprobe reboot poweroff; do ln -s /usr/bin/busybox "$root/usr/sbin/$name"; done
	for library in "${libraries[@]}"; do
		copy "$(ldconfig -p | awk -v name="$library" '$1 == name && /x86-64/ { print $NF; exit }')"
	done
	dotnet=$(dirname "$(readlink -f "$(type -P dotnet)")")
	mkdir -p "$root$dotnet"
	cp -r "$dotnet/dotnet" "$dotnet/host" "$dotnet/shared" "$root$dotnet/"
	ln -s "$dotnet/dotnet" "$root/usr/bin/dotnet"
	echo "root:x:0:0:root:/root:/bin/bash" > "$root/etc/passwd"
	printf '127.0.0.1 localhost\n::1 localhost\n' > "$root/etc/hosts"
	mkdir -p "$root/etc/dotnet"
	echo "$dotnet" > "$root/etc/dotnet/install_location"
	cp EbpfLb.sln "$root/repo/"
	mkdir -p "$root/repo/tools" "$root/repo/deploy"
	cp -r tools/netlab "$root/repo/tools/"
	mkdir -p "$root/repo/tools/kernels"
	cp tools/kernels/{verify,lab,devices,modules}.sh "$root/repo/tools/kernels/"
	cp -r deploy/demo "$root/repo/deploy/"
	cp -r build/bpf build/bin build/native "$root/repo/build/"
	for compiler in build/kernels/clang-*; do
		mkdir -p "$root/repo/$compiler"
		cp -r "$compiler/bpf" "$root/repo/$compiler/"
	done
	cp -r build/dotnet/bin/EbpfLb.Datapath.Tests "$root/repo/build/dotnet/bin/"
	cp build/kernels/verify "$root/usr/bin/"
	cp tools/kernels/guest.sh "$root/init"
	chmod +x "$root/init"
	pack "$root" "$there/root.cpio"
}

make_modules() {
	local version module needs
	root=$(mktemp -d)
	version=$(ls "$there/$1/modules")
	mkdir -p "$root/lib/modules"
	cp -r "$there/$1/modules/$version" "$root/all"
	find "$root/all" -name '*.ko.xz' -exec xz -d {} +
	mkdir -p "$root/whole/lib/modules" "$root/usr/lib/modules/$version"
	mv "$root/all" "$root/whole/lib/modules/$version"
	(cd "$root/whole/lib/modules/$version" && busybox depmod -b "$root/whole" "$version" 2> /dev/null)
	for module in "${modules[@]}"; do
		needs=$(sed -nE "s,^(.*/)?$module\.ko:.*,&,p" "$root/whole/lib/modules/$version/modules.dep" | tr -d ':')
		for module in $needs; do
			mkdir -p "$root/usr/lib/modules/$version/$(dirname "$module")"
			cp "$root/whole/lib/modules/$version/$module" "$root/usr/lib/modules/$version/$module"
		done
	done
	rm -rf "$root/lib"
	mv "$root/whole" "$root/whole.tmp"
	ln -s usr/lib "$root/lib"
	busybox depmod -b "$root" "$version" 2> /dev/null
	rm -rf "$root/whole.tmp" "$root/lib"
	pack "$root" "$there/$1/modules.cpio"
}

pack() {
	(cd "$1" && find . | cpio --quiet -o -H newc > "$2.tmp")
	mv "$2.tmp" "$2"
	rm -rf "$1"
}

make_root
for name; do
	[ -e "$there/$name/modules.cpio" ] || make_modules "$name"
done
