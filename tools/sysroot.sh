#!/usr/bin/env bash
# Unpacks what a program for another architecture is linked with, from Debian's packages, into build/sysroot/ARCH. Nothing is installed on
# this machine. Usage: tools/sysroot.sh arm64
set -euo pipefail
cd "$(dirname "$0")/.."

arch=${1:?usage: tools/sysroot.sh ARCH, as Debian names it: arm64}
packages=(libc6 libc6-dev libgcc-s1 libgcc-12-dev linux-libc-dev libbpf-dev libelf-dev)
root=build/sysroot/$arch
[ ! -e "$root/complete" ] || exit 0

echo "unpacking for $arch: ${packages[*]}"
rm -rf "$root"
mkdir -p "$root"
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
mkdir -p "$there/lists/partial" "$there/cache/archives/partial"
# An apt of its own, so that this machine's list of architectures stays as it is.
apt=(apt-get -qq -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o "Dir::State=$there" -o "Dir::State::lists=$there/lists"
	-o Dir::State::status=/dev/null -o "Dir::Cache=$there/cache" -o APT::Sandbox::User=root)
"${apt[@]}" update
(cd "$there" && "${apt[@]}" download "${packages[@]}" >/dev/null)
for package in "$there"/*.deb; do dpkg-deb -x "$package" "$root"; done
# Scripts and links of a library name absolute paths, which a linker takes below the system root; /lib is part of /usr since Debian 12.
[ -e "$root/lib64" ] || ln -s lib "$root/lib64"
touch "$root/complete"
