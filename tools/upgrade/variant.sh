#!/usr/bin/env bash
# Builds an agent whose maps have another layout, as another release may have: tools/upgrade/variant.sh NAME leaves build/upgrade/NAME/ebpflb.
# Without a name: lists what there is. Each changes one struct of bpf/include; "every" changes all of them, "sock+slot" two.
# What does not know the structs comes from `make build`.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A member more at the front, so that all others move.
grow() { echo "s|^struct $1 \{|&\n\t${2:-__u32} spare; /* 0 */|"; }
# Two members change places.
swap() { echo "/^struct $1 \{/,/^};/{s/\b$2\b/@/;s/\b$3\b/$2/;s/@/$3/}"; }

declare -A change=(
	[ct_state]=$(grow lb_ct_state)
	[ct_value]=$(swap lb_ct4 src dst; swap lb_ct6 src dst)
	[ct_key]=$(swap lb_ct_key4 src dst; swap lb_ct_key6 src dst)
	[ct_pending]=$(swap lb_ct_key6 sport dport)
	[ct_cursor]=$(grow lb_ct_cursor __u64)
	[sock]=$(grow lb_sock)
	[udp_peer]=$(grow lb_peer_asked)
	[affinity]=$(grow lb_aff __u64)
	[affinity_key]=$(swap lb_aff_key service_id kind)
	[settings]=$(grow lb_settings __u64)
	[service]=$(grow lb_service)
	[slot]=$(grow lb_slot __u64)
	[backend]=$(grow lb_backend __u64)
	[netns]=$(grow lb_netns)
	[node_addr]=$(grow lb_node_addr)
	[device]=$(grow lb_device)
	[snat_guard]=$(grow lb_snat_guard)
	[snat_full]=$(grow lb_snat_full)
	[frag]=$(grow lb_frag)
	[stat]=$(grow lb_stat __u64)
	[svc_stat]=$(grow lb_svc_stat __u64)
	[traffic]=$(grow lb_traffic __u64)
)

name=${1:-}
if [ -z "$name" ]; then
	printf '%s\n' "${!change[@]}" | sort
	exit
fi
parts=${name//+/ }
[ "$name" != every ] || parts=${!change[*]}
script=
for part in $parts; do
	one=${change[$part]:?there is no variant of this name}
	if cat bpf/include/lb_abi*.h | sed -E "$one" | cmp -s - <(cat bpf/include/lb_abi*.h); then
		echo "the variant $part changes nothing: has the struct another name now?" >&2
		exit 1
	fi
	script+=$one$'\n'
done

# One tree for all, so that what a variant does not change is built once. Files keep their times: the next build goes by them.
tree=build/upgrade/tree
mkdir -p "$tree"
exec 9>"$tree/lock"
flock 9
inputs=(bpf src Makefile EbpfLb.sln Directory.Build.props Directory.Packages.props .editorconfig)
list() { (cd "$1" && find "${inputs[@]}" -type f 2>/dev/null | LC_ALL=C sort); }
LC_ALL=C comm -13 <(list .) <(list "$tree") | sed "s|^|$tree/|" | xargs -r -d '\n' rm
list . | while read -r file; do
	case $file in
	src/EbpfLb.Abi/*.g.cs) continue ;; # written below
	bpf/include/lb_abi*.h) sed -E "$script" "$file" ;;
	*) cat "$file" ;;
	esac >"$tree/next"
	cmp -s "$tree/next" "$tree/$file" || { mkdir -p "$(dirname "$tree/$file")" && cp "$tree/next" "$tree/$file"; }
done
log=$tree/log
{
	make --no-print-directory -s -C "$tree" bpf BPF_UNITS=
	build/dotnet/bin/abigen/release/abigen "$tree/build/bpf/ebpflb.bpf.o" "$tree/src/EbpfLb.Abi" bpf/include/lb_maps.h "$tree/maps.md"
	dotnet build "$tree/src/EbpfLb.Datapath" -c Release -v quiet -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false
} >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
# The rest of the agent finds members of structs by their names when it runs.
rm -rf "build/upgrade/$name"
cp -r build/dotnet/bin/EbpfLb.Agent/release "build/upgrade/$name"
cp "$tree"/build/dotnet/bin/EbpfLb.Datapath/release/*.dll "build/upgrade/$name"
