namespace EbpfLb.Agent.Migration;

/// <summary>The answer of `ebpflb migrate plan`.</summary>
/// <param name="KubeProxy">Processes of kube-proxy in this network namespace.</param>
/// <param name="Tables">Tables with rules or chains of kube-proxy.</param>
/// <param name="Steps">What `ebpflb migrate run` would do, in this order.</param>
/// <param name="Stops">Why it would do nothing, with what to do.</param>
/// <param name="NotLookedAt">What may be there and could not be seen.</param>
internal sealed record MigrationReport(
    AgentFinding Agent,
    IReadOnlyList<KubeProxyProcess> KubeProxy,
    IReadOnlyList<TableFinding> Tables,
    IReadOnlyList<string> Ipvs,
    ConnectionCount? Connections,
    IReadOnlyList<string> Steps,
    IReadOnlyList<string> Stops,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> NotLookedAt);

/// <param name="State">"ready", or why not.</param>
internal sealed record AgentFinding(bool Ready, string State);

/// <param name="By">"iptables-nft", "iptables-legacy", "nftables".</param>
/// <param name="Chains">Removed; of nftables the table is removed as a whole, and neither is counted.</param>
/// <param name="Kept">Chains of kube-proxy that stay, with who uses them.</param>
internal sealed record TableFinding(string By, string Family, string Table, int Chains, int Rules, IReadOnlyList<string> Kept);

/// <summary>Connections whose destination netfilter changes.</summary>
/// <param name="OfServices">The destination is a frontend of a Service; false: no agent says what those are, so all are counted.</param>
internal sealed record ConnectionCount(int Tcp, int Udp, int Other, bool OfServices);
