namespace EbpfLb.Agent.Migration;

/// <summary>What kube-proxy's IPVS mode leaves on a node.</summary>
internal static class IpvsSigns
{
    public const string Table = "/proc/net/ip_vs";
    private const string Device = "kube-ipvs0";
    private const string Sets = "KUBE-";

    /// <summary>
    /// How a line of a virtual server begins (ip_vs_info_seq_show of net/netfilter/ipvs/ip_vs_ctl.c): its protocol, or FWM for one by mark.
    /// Lines of headings and of real servers ("  -> ") begin otherwise.
    /// </summary>
    private static readonly string[] Protocols = ["TCP ", "UDP ", "SCTP ", "FWM "];

    /// <param name="devices">Names of those of the node.</param>
    /// <param name="table">Lines of /proc/net/ip_vs; null: the kernel has none.</param>
    /// <param name="sets">What `ipset list -n` prints, a name a line; null: not known.</param>
    /// <returns>Each sign in words; empty: there is none.</returns>
    public static IReadOnlyList<string> Of(IEnumerable<string> devices, IEnumerable<string>? table, string? sets)
    {
        List<string> signs = [];
        if (devices.Contains(Device)) signs.Add($"the device {Device}");
        if (table?.Count(IsVirtualServer) is > 0 and var servers) signs.Add($"virtual servers in {Table} ({servers})");
        if (sets?.Split('\n').Count(n => n.StartsWith(Sets, StringComparison.Ordinal)) is > 0 and var count)
            signs.Add($"ipsets {Sets}* ({count})");
        return signs;
    }

    private static bool IsVirtualServer(string line) => Protocols.Any(p => line.StartsWith(p, StringComparison.Ordinal));
}
