#!/usr/bin/env bash
# Runs commands on a bare Debian 12: a minimal root file system, a fresh clone of this repository's HEAD, nothing installed but what
# the project's own scripts install. Usage: tools/fresh.sh [COMMAND]; without one "make demo && make test".
#
# Only the .NET SDK is this machine's, mounted read-only, as the project does not install it. Mounts, processes, cgroups, names of
# network namespaces and pins are those of namespaces that end with the command; the cgroup and the directory are removed after it,
# however it ends. The network is this machine's: apt and NuGet reach their registries as they do here.
# MIRROR=URL names the Debian mirror where this machine's apt knows none of bookworm.
set -eEuo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
suite=bookworm
cache=$repository/build/fresh
base=$cache/$suite
command=${*:-make demo && make test}

trap 'echo "fresh: line $LINENO failed: $BASH_COMMAND" >&2' ERR
fail() { echo "fresh: $*" >&2; exit 1; }

# What a Debian package of the SDK would depend on.
sdk_needs=(ca-certificates libicu72 libssl3 zlib1g libgssapi-krb5-2 libstdc++6 tzdata)

# "URL/ bookworm main" and so on: only Debian's own, this machine may use others too.
debian_sources() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v suite="$suite" '$3 == "main" && ($2 == suite || $2 == suite "-updates" || $2 == suite "-security")' | sort -u
}

make_base() {
	local mirror=${MIRROR:-} sources
	sources=$(debian_sources)
	[ -n "$mirror" ] || mirror=$(awk -v suite="$suite" '$2 == suite { print $1; exit }' <<<"$sources")
	[ -n "$mirror" ] || fail "apt on this machine knows no mirror of Debian $suite: name one by MIRROR=URL"
	[ -n "$sources" ] || sources="$mirror $suite main"
	echo "fresh: debootstrap of $suite, once (kept in ${base#"$repository"/})"
	rm -rf "$base.part"
	debootstrap --variant=minbase "$suite" "$base.part" "$mirror" >"$cache/debootstrap.log" 2>&1 || { tail -n 20 "$cache/debootstrap.log" >&2; fail "debootstrap failed"; }
	awk '{ print "deb", $1, $2, $3 }' <<<"$sources" >"$base.part/etc/apt/sources.list"
	mv "$base.part" "$base"
}

# How this machine reaches registries: apt's settings, certificates, NuGet's sources.
copy_settings() {
	local root=$1 file
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	for file in /etc/apt/apt.conf /etc/apt/auth.conf /etc/apt/auth.conf.d; do
		[ ! -e "$file" ] || cp -r "$file" "$root/etc/apt/"
	done
	{ grep -lsiE 'proxy|verify|cainfo|https?::' /etc/apt/apt.conf.d/* || true; } | xargs -r cp -t "$root/etc/apt/apt.conf.d"
	mkdir -p "$root/etc/ssl/certs" "$root/usr/local/share/ca-certificates" "$root/root/.nuget/NuGet"
	cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
	[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
	[ ! -e ~/.nuget/NuGet/NuGet.Config ] || cp ~/.nuget/NuGet/NuGet.Config "$root/root/.nuget/NuGet/"
}

# In the namespaces: mounts what a booted machine has, then changes into it.
inside() {
	local root=$1 sdk=$2
	mount --make-rprivate /
	mount -t overlay -o "lowerdir=$base,upperdir=$run/upper,workdir=$run/work" overlay "$root"
	copy_settings "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs sysfs "$root/sys"
	mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
	# In the cgroup namespace of this command its root is the cgroup that is removed afterwards.
	mkdir "$root/sys/fs/cgroup/unified"
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
	mount -t bpf bpf "$root/sys/fs/bpf"
	mount -t tmpfs -o mode=755 tmpfs "$root/run"
	mkdir -m 1777 "$root/run/lock"
	mount --rbind /dev "$root/dev"
	mkdir -p "$root$sdk"
	mount --bind -o ro "$sdk" "$root$sdk"
	mount -o remount,bind,ro "$root$sdk"
	ln -s "$sdk/dotnet" "$root/usr/bin/dotnet"
	git clone -q --no-hardlinks "$repository" "$root/src/ebpflb"
	echo "fresh: $(git -C "$root/src/ebpflb" log -1 --format='%h %s'), on Debian $(cat "$root/etc/debian_version")"
	chroot "$root" /bin/bash -euo pipefail -c '
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>/tmp/install.log || { cat /tmp/install.log >&2; exit 1; }
		' bash "${sdk_needs[@]}" make
	# shellcheck disable=SC2093
	exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" "${passed_on[@]}" \
		/bin/bash -c "cd /src/ebpflb && $command"
}

remove_cgroup() {
	local cgroup=$1
	[ -d "$cgroup" ] || return 0
	echo 1 >"$cgroup/cgroup.kill"
	for _ in $(seq 100); do
		grep -q '^populated 1' "$cgroup/cgroup.events" || break
		sleep 0.1
	done
	find "$cgroup" -depth -type d -exec rmdir {} +
}

# Proxies, certificates and what NuGet and .NET were told; nothing else of this machine's environment.
mapfile -t passed_on < <(env | grep -E '^((https?|no|all|HTTPS?|NO|ALL)_(proxy|PROXY)|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|NUGET_[A-Z_]+|DOTNET_[A-Z_]+|CI)=' | grep -vE '^(NUGET_PACKAGES|DOTNET_ROOT)=')

if [ "${1:-}" = --inside ]; then
	run=$2 command=$4
	inside "$run/root" "$3"
fi

[ "$(id -u)" -eq 0 ] || fail "a root file system is made and mounted: run this as root"
for tool in debootstrap git unshare; do
	command -v "$tool" >/dev/null || fail "'$tool' is missing: apt-get install debootstrap git util-linux"
done
dotnet=$(readlink -f "$(command -v dotnet)") || fail "the .NET SDK is missing on this machine; it is what is mounted"
cgroup_root=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2" && $4 == "/") { print $5; exit } }' /proc/self/mountinfo)
[ -n "$cgroup_root" ] || fail "cgroup2 is not mounted"
[ -z "$(git status --porcelain)" ] || echo "fresh: what is not committed is not in the clone" >&2

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
[ -d "$base" ] || make_base
flock -u 9
exec 9>&-

run=$(mktemp -d "$cache/run.XXXXXX")
mkdir "$run/root" "$run/upper" "$run/work"
cgroup=$cgroup_root/ebpflb-fresh-$$
mkdir "$cgroup"
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null; remove_cgroup "$cgroup"; rm -rf "$run"' EXIT
trap 'exit 130' INT TERM HUP

# The namespaces' first process: with it all others end, and with the last of them the mounts.
bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$cgroup" \
	unshare --mount --cgroup --pid --fork --kill-child --mount-proc "$repository/tools/fresh.sh" --inside "$run" "$(dirname "$dotnet")" "$command" &
child=$!
code=0
wait "$child" || code=$?
child=
exit "$code"
