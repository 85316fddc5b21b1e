#!/usr/bin/env bash
# Fetches Debian kernels as packages into build/kernels, once: fetch.sh NAME... (see the table below). The machine's own apt
# configuration and lists are not touched.
set -euo pipefail
cd "$(dirname "$0")/../.."
there=$PWD/build/kernels
# NAME SUITE: the newest kernel for cloud machines that the suite, or its security archive, has.
suites='5.10 bullseye
6.1 bookworm
6.12 bookworm-backports'

apt() {
	local tool=$1
	shift
	"$tool" -o Dir::Etc::SourceList="$there/apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$there/apt/lists" \
		-o Dir::Cache="$there/apt" -o APT::Sandbox::User=root -o Acquire::Languages=none \
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}

prepare() {
	local suite signed='signed-by=/usr/share/keyrings/debian-archive-keyring.gpg'
	[ ! -e "$there/apt/updated" ] || return 0
	mkdir -p "$there/apt/lists/partial" "$there/apt/archives/partial"
	for suite in bullseye bookworm bookworm-backports; do
		echo "deb [$signed] http://deb.debian.org/debian $suite main"
	done > "$there/apt/sources.list"
	for suite in bullseye bookworm; do
		echo "deb [$signed] http://deb.debian.org/debian-security $suite-security main"
	done >> "$there/apt/sources.list"
	apt apt-get -qq update
	touch "$there/apt/updated"
}

for name; do
	suite=$(awk -v name="$name" '$1 == name { print $2 }' <<< "$suites")
	[ -n "$suite" ] || { echo "there is no kernel '$name': $(awk '{ printf "%s ", $1 }' <<< "$suites")" >&2; exit 1; }
	if [ ! -e "$there/$name/vmlinuz" ]; then
		prepare
		version=$(apt apt-cache madison linux-image-cloud-amd64 | awk -v name="$name." 'index($3, name) == 1 { print $3; exit }')
		package=$(apt apt-cache show "linux-image-cloud-amd64=$version" | sed -nE 's/^Depends: (linux-image-[^ ,]+).*/\1/p')
		echo "fetching $package ($suite)" >&2
		work=$there/$name.tmp
		rm -rf "$work"
		mkdir -p "$work/root"
		(cd "$work" && apt apt-get -qq download "$package" && dpkg-deb -x ./*.deb root && rm ./*.deb)
		mv "$work"/root/boot/vmlinuz-* "$work/vmlinuz"
		mv "$work"/root/boot/config-* "$work/config"
		mv "$work/root/lib/modules" "$work/modules"
		rm -rf "$work/root" "${there:?}/$name"
		mv "$work" "$there/$name"
	fi
done
