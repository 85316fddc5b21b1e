#!/usr/bin/env bash
# Prints what kube-proxy in iptables mode restores for SERVICES services. See README.md beside.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 SERVICES ADDRESS:PORT..." >&2; exit 2; }
exec awk -v services="$1" -v backends="${*:2}" -v pods="${PODS:-10.244.0.0/16}" -v proto="${PROTO:-tcp}" -f - /dev/null <<'AWK'
function hash(kind, i, j) { return sprintf("KUBE-%s-%010dA%03d", kind, i, j) }
function cluster_ip(i) { return i == services ? "10.200.0.1" : sprintf("10.%d.%d.%d", 100 + int(i / 65536), int(i / 256) % 256, i % 256) }
function node_port(i) { return i == services ? 32767 : i <= 2766 ? 30000 + i : 0 }
function comment(i) { return sprintf("-m comment --comment \"default/svc%d:http cluster IP\"", i) }
END {
	measured = split(backends, own, " ")
	print "*filter"
	print ":KUBE-SERVICES - [0:0]\n:KUBE-EXTERNAL-SERVICES - [0:0]\n:KUBE-FORWARD - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-PROXY-FIREWALL - [0:0]"
	print "-A INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL"
	print "-A INPUT -m comment --comment \"kubernetes health check service ports\" -j KUBE-NODEPORTS"
	print "-A INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES"
	print "-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL"
	print "-A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD"
	print "-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"
	print "-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES"
	print "-A OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL"
	print "-A OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"
	print "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"
	print "-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT"
	print "-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
	print "COMMIT"
	print "*nat"
	print ":KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-POSTROUTING - [0:0]\n:KUBE-MARK-MASQ - [0:0]"
	for (i = 1; i <= services; i++) {
		print ":" hash("SVC", i, 0) " - [0:0]"
		if (node_port(i)) print ":" hash("EXT", i, 0) " - [0:0]"
		count = i == services ? measured : 2
		for (j = 1; j <= count; j++) print ":" hash("SEP", i, j) " - [0:0]"
	}
	print "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"
	print "-A OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"
	print "-A POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING"
	print "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN"
	print "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000"
	print "-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully"
	print "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000"
	for (i = 1; i <= services; i++) {
		svc = hash("SVC", i, 0)
		count = i == services ? measured : 2
		printf "-A KUBE-SERVICES %s -m %s -p %s -d %s --dport 80 -j %s\n", comment(i), proto, proto, cluster_ip(i), svc
		if (node_port(i)) {
			printf "-A KUBE-NODEPORTS %s -m %s -p %s --dport %d -j %s\n", comment(i), proto, proto, node_port(i), hash("EXT", i, 0)
			printf "-A %s -m comment --comment \"masquerade traffic for default/svc%d:http external destinations\" -j KUBE-MARK-MASQ\n", hash("EXT", i, 0), i
			printf "-A %s -j %s\n", hash("EXT", i, 0), svc
		}
		printf "-A %s %s -m %s -p %s -d %s --dport 80 ! -s %s -j KUBE-MARK-MASQ\n", svc, comment(i), proto, proto, cluster_ip(i), pods
		for (j = 1; j <= count; j++) {
			to = i == services ? own[j] : sprintf("10.%d.%d.%d:8080", 248 + int(i / 32768), int(i / 128) % 256, i % 128 * 2 + j - 1)
			split(to, parts, ":")
			if (j < count) printf "-A %s %s -m statistic --mode random --probability %.10f -j %s\n", svc, comment(i), 1 / (count - j + 1), hash("SEP", i, j)
			else printf "-A %s %s -j %s\n", svc, comment(i), hash("SEP", i, j)
			printf "-A %s %s -s %s -j KUBE-MARK-MASQ\n", hash("SEP", i, j), comment(i), parts[1]
			printf "-A %s %s -m %s -p %s -j DNAT --to-destination %s\n", hash("SEP", i, j), comment(i), proto, proto, to
		}
	}
	print "-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
	print "COMMIT"
}
AWK
