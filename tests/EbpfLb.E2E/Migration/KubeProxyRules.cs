using System.Net;

namespace EbpfLb.E2E.Migration;

/// <summary>
/// What kube-proxy writes for one Service of TCP and UDP with a ClusterIP and a NodePort: for iptables-restore (as tools/peers/iptables.sh
/// has it) and for nft (as tools/peers/nftables.sh).
/// </summary>
internal sealed record KubeProxyRules(
    string Family, IPAddress ClusterIP, int Port, int NodePort, IPAddress Node, string Pods, IReadOnlyList<IPEndPoint> Backends)
{
    private const string New = "-m conntrack --ctstate NEW", Forwarding = "kubernetes forwarding conntrack rule";

    private static readonly string[] Protocols = ["tcp", "udp"];

    /// <summary>0: there is none.</summary>
    public int HealthCheckNodePort { get; init; }

    public string Iptables => string.Join('\n', [.. Mangle(), .. Filter(), .. Nat(), ""]);

    public string Nftables => string.Join('\n', [.. NftTable(), ""]);

    private string Address(IPAddress address) => $"{address}/{(Family == "ip" ? 32 : 128)}";

    private static IEnumerable<string> Mangle() => ["*mangle", ":KUBE-PROXY-CANARY - [0:0]", "COMMIT"];

    private IEnumerable<string> Filter() =>
    [
        "*filter", ":KUBE-PROXY-CANARY - [0:0]", ":KUBE-SERVICES - [0:0]", ":KUBE-EXTERNAL-SERVICES - [0:0]", ":KUBE-FORWARD - [0:0]",
        ":KUBE-NODEPORTS - [0:0]", ":KUBE-PROXY-FIREWALL - [0:0]",
        .. from chain in (string[])["INPUT", "FORWARD", "OUTPUT"]
           select $"-I {chain} {New} -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL",
        "-I INPUT -m comment --comment \"kubernetes health check service ports\" -j KUBE-NODEPORTS",
        "-I INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" "
            + "-j KUBE-EXTERNAL-SERVICES",
        "-I FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD",
        "-I FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
        "-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" "
            + "-j KUBE-EXTERNAL-SERVICES",
        "-I OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
        "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
        "-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT",
        $"-A KUBE-FORWARD -m comment --comment \"{Forwarding}\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        .. HealthCheckNodePort == 0 ? (string[])[]
            : ["-A KUBE-NODEPORTS -p tcp -m comment --comment \"default/web:tcp health check node port\" -m tcp "
                + $"--dport {HealthCheckNodePort} -j ACCEPT"],
        "COMMIT",
    ];

    private IEnumerable<string> Nat()
    {
        yield return "*nat";
        foreach (var chain in (string[])["PROXY-CANARY", "SERVICES", "NODEPORTS", "POSTROUTING", "MARK-MASQ"])
            yield return $":KUBE-{chain} - [0:0]";
        foreach (var chain in Protocols.SelectMany(Chains)) yield return $":{chain} - [0:0]";
        yield return "-I PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES";
        yield return "-I OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES";
        yield return "-I POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING";
        yield return "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN";
        yield return "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000";
        yield return "-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully";
        yield return "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000";
        foreach (var rule in Protocols.SelectMany(OfService)) yield return rule;
        yield return "-A KUBE-SERVICES -m comment --comment "
            + "\"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" "
            + "-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS";
        yield return "COMMIT";
    }

    private static string Chain(string kind, string protocol, int number = 0)
        => $"KUBE-{kind}-{(protocol == "tcp" ? "TCP" : "UDP")}A6OKWPVNS4Z{number}";

    private IEnumerable<string> Chains(string protocol)
        => [Chain("SVC", protocol), Chain("EXT", protocol), .. Backends.Select((_, i) => Chain("SEP", protocol, i))];

    private IEnumerable<string> OfService(string protocol)
    {
        var (svc, ext) = (Chain("SVC", protocol), Chain("EXT", protocol));
        var named = $"-p {protocol} -m comment --comment \"default/web:{protocol} cluster IP\" -m {protocol}";
        var to = $"-d {Address(ClusterIP)} {named} --dport {Port}";
        yield return $"-A KUBE-SERVICES {to} -j {svc}";
        yield return $"-A KUBE-NODEPORTS {named} --dport {NodePort} -j {ext}";
        yield return $"-A {ext} -m comment --comment \"masquerade traffic for default/web:{protocol} external destinations\" "
            + "-j KUBE-MARK-MASQ";
        yield return $"-A {ext} -j {svc}";
        yield return $"-A {svc} ! -s {Pods} {to} -j KUBE-MARK-MASQ";
        for (var i = 0; i < Backends.Count; i++)
        {
            var (sep, comment) = (Chain("SEP", protocol, i), $"-m comment --comment \"default/web:{protocol} -> {Backends[i]}\"");
            var probability = $"{1.0 / (Backends.Count - i):0.0000000000}";
            var share = i == Backends.Count - 1 ? "" : $"-m statistic --mode random --probability {probability} ";
            yield return $"-A {svc} {comment} {share}-j {sep}";
            yield return $"-A {sep} -s {Address(Backends[i].Address)} {comment} -j KUBE-MARK-MASQ";
            yield return $"-A {sep} -p {protocol} {comment} -m {protocol} -j DNAT --to-destination {Backends[i]}";
        }
    }

    private IEnumerable<string> NftTable()
    {
        var type = Family == "ip" ? "ipv4_addr" : "ipv6_addr";
        yield return $"table {Family} kube-proxy {{";
        yield return $"comment \"rules for kube-proxy\"";
        yield return $"set cluster-ips {{ type {type}; elements = {{ {ClusterIP} }}; }}";
        yield return $"set nodeport-ips {{ type {type}; elements = {{ {Node} }}; }}";
        yield return "chain mark-for-masquerade { meta mark set meta mark or 0x4000; }";
        yield return "chain masquerading { meta mark and 0x4000 == 0 return; meta mark set meta mark xor 0x4000; "
            + "masquerade fully-random; }";
        foreach (var protocol in Protocols)
        {
            for (var i = 0; i < Backends.Count; i++)
                yield return $"chain endpoint-{i}-{protocol} {{ {Family} saddr {Backends[i].Address} jump mark-for-masquerade; "
                    + $"meta l4proto {protocol} dnat to {Backends[i]}; }}";
            yield return $"chain service-{protocol} {{ {Family} daddr {ClusterIP} {protocol} dport {Port} {Family} saddr != {Pods} "
                + $"jump mark-for-masquerade; numgen random mod {Backends.Count} vmap {{ "
                + string.Join(", ", Backends.Select((_, i) => $"{i} : goto endpoint-{i}-{protocol}")) + " }; }";
            yield return $"chain external-{protocol} {{ jump mark-for-masquerade; goto service-{protocol}; }}";
        }
        yield return $"map service-ips {{ type {type} . inet_proto . inet_service : verdict; elements = {{ "
            + string.Join(", ", Protocols.Select(p => $"{ClusterIP} . {p} . {Port} comment \"default/web:{p}\" : goto service-{p}"))
            + " }; }";
        yield return "map service-nodeports { type inet_proto . inet_service : verdict; elements = { "
            + string.Join(", ", Protocols.Select(p => $"{p} . {NodePort} : goto external-{p}")) + " }; }";
        yield return $"chain services {{ {Family} daddr . meta l4proto . th dport vmap @service-ips; "
            + $"{Family} daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports; }}";
        yield return $"chain cluster-ips-check {{ {Family} daddr @cluster-ips reject; }}";
        yield return "chain filter-forward { type filter hook forward priority -110; ct state new jump cluster-ips-check; }";
        yield return "chain filter-output { type filter hook output priority -90; ct state new jump cluster-ips-check; }";
        yield return "chain nat-prerouting { type nat hook prerouting priority -100; jump services; }";
        yield return "chain nat-output { type nat hook output priority -100; jump services; }";
        yield return "chain nat-postrouting { type nat hook postrouting priority 100; jump masquerading; }";
        yield return "}";
    }
}
