namespace EbpfLb.Agent.Migration;

/// <summary>
/// Whose chains are which, by kube-proxy's CleanupLeftovers (pkg/proxy/iptables, pkg/proxy/ipvs) and the kubelet's
/// kubelet_network_linux.go: what has one of these names is kube-proxy's. KUBE-FIREWALL, KUBE-KUBELET-CANARY, KUBE-IPTABLES-HINT and
/// KUBE-MARK-DROP are the kubelet's, which goes on to run. Other names that begin with KUBE- are others' (kube-router has some).
/// </summary>
internal static class KubeProxyChains
{
    public const string MarkForMasquerade = "KUBE-MARK-MASQ", Postrouting = "KUBE-POSTROUTING", Forward = "KUBE-FORWARD";

    /// <summary>All comments of kube-proxy's jumps from the kernel's own chains begin so.</summary>
    private const string JumpComment = "kubernetes ";

    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", Postrouting, Forward, "KUBE-PROXY-FIREWALL", "KUBE-PROXY-CANARY",
        MarkForMasquerade, "KUBE-LOAD-BALANCER", "KUBE-NODE-PORT", "KUBE-SOURCE-RANGE-FIREWALL", "KUBE-IPVS-FILTER", "KUBE-IPVS-OUT-FILTER",
    };

    private static readonly string[] Prefixes = ["KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-", "KUBE-XLB-", "KUBE-SEP-"];

    public static bool Owns(string chain) => Names.Contains(chain) || Prefixes.Any(p => chain.StartsWith(p, StringComparison.Ordinal));

    /// <summary>The rule is kube-proxy's own way from a chain of the kernel into its chains.</summary>
    public static bool IsOwnJump(SavedRule rule, SavedChain from)
        => from.IsBuiltIn && rule.Comment?.StartsWith(JumpComment, StringComparison.Ordinal) == true;
}
