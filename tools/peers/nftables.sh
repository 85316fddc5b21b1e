#!/usr/bin/env bash
# Prints what kube-proxy in nftables mode loads for SERVICES services. See README.md beside.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 SERVICES ADDRESS:PORT..." >&2; exit 2; }
exec awk -v services="$1" -v backends="${*:2}" -v pods="${PODS:-10.244.0.0/16}" -v node="${NODE:-172.18.0.1}" -v proto="${PROTO:-tcp}" -f - /dev/null <<'AWK'
function chain(kind, i) { return sprintf("%s-%08d/default/svc%d/%s/http", kind, i, i, proto) }
function cluster_ip(i) { return i == services ? "10.200.0.1" : sprintf("10.%d.%d.%d", 100 + int(i / 65536), int(i / 256) % 256, i % 256) }
function node_port(i) { return i == services ? 32767 : i <= 2766 ? 30000 + i : 0 }
END {
	measured = split(backends, own, " ")
	print "table ip kube-proxy {"
	print "\tset cluster-ips { type ipv4_addr; }"
	printf "\tset nodeport-ips { type ipv4_addr; elements = { %s }; }\n", node
	print "\tmap service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }"
	print "\tmap service-nodeports { type inet_proto . inet_service : verdict; }"
	print "\tmap no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict; }"
	print "\tmap no-endpoint-nodeports { type inet_proto . inet_service : verdict; }"
	print "\tmap firewall-ips { type ipv4_addr . inet_proto . inet_service : verdict; }"
	print "\tchain mark-for-masquerade { meta mark set meta mark or 0x4000; }"
	print "\tchain masquerading {"
	print "\t\tmeta mark and 0x4000 == 0 return"
	print "\t\tmeta mark set meta mark xor 0x4000"
	print "\t\tmasquerade fully-random"
	print "\t}"
	for (i = 1; i <= services; i++) {
		count = i == services ? measured : 2
		for (j = 1; j <= count; j++) {
			to = i == services ? own[j] : sprintf("10.%d.%d.%d:8080", 248 + int(i / 32768), int(i / 128) % 256, i % 128 * 2 + j - 1)
			split(to, parts, ":")
			printf "\tchain %s__%d {\n\t\tip saddr %s jump mark-for-masquerade\n\t\tmeta l4proto %s dnat to %s\n\t}\n", chain("endpoint", i), j, parts[1], proto, to
		}
		printf "\tchain %s {\n\t\tip daddr %s %s dport 80 ip saddr != %s jump mark-for-masquerade\n\t\tnumgen random mod %d vmap {", chain("service", i), cluster_ip(i), proto, pods, count
		for (j = 1; j <= count; j++) printf "%s %d : goto %s__%d", (j > 1 ? "," : ""), j - 1, chain("endpoint", i), j
		print " }\n\t}"
		if (node_port(i)) printf "\tchain %s {\n\t\tjump mark-for-masquerade\n\t\tgoto %s\n\t}\n", chain("external", i), chain("service", i)
	}
	print "\tchain services {"
	print "\t\tip daddr . meta l4proto . th dport vmap @service-ips"
	print "\t\tip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports"
	print "\t}"
	print "\tchain reject-chain { reject; }"
	print "\tchain cluster-ips-check { ip daddr @cluster-ips reject; }"
	print "\tchain service-endpoints-check { ip daddr . meta l4proto . th dport vmap @no-endpoint-services; }"
	print "\tchain nodeport-endpoints-check { ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports; }"
	print "\tchain firewall-check { ip daddr . meta l4proto . th dport vmap @firewall-ips; }"
	print "\tchain filter-prerouting-pre-dnat { type filter hook prerouting priority -110; ct state new jump firewall-check; }"
	print "\tchain filter-output-pre-dnat { type filter hook output priority -110; ct state new jump firewall-check; }"
	print "\tchain filter-input { type filter hook input priority -110; ct state new jump nodeport-endpoints-check; ct state new jump service-endpoints-check; }"
	print "\tchain filter-forward { type filter hook forward priority -110; ct state new jump service-endpoints-check; ct state new jump cluster-ips-check; }"
	print "\tchain filter-output { type filter hook output priority -90; ct state new jump service-endpoints-check; ct state new jump cluster-ips-check; }"
	print "\tchain nat-prerouting { type nat hook prerouting priority -100; jump services; }"
	print "\tchain nat-output { type nat hook output priority -100; jump services; }"
	print "\tchain nat-postrouting { type nat hook postrouting priority 100; jump masquerading; }"
	print "}"
	for (i = 1; i <= services; i++) {
		printf "add element ip kube-proxy cluster-ips { %s }\n", cluster_ip(i)
		printf "add element ip kube-proxy service-ips { %s . %s . 80 : goto %s }\n", cluster_ip(i), proto, chain("service", i)
		if (node_port(i)) printf "add element ip kube-proxy service-nodeports { %s . %d : goto %s }\n", proto, node_port(i), chain("external", i)
	}
}
AWK
