using EbpfLb.E2E.Outside;

namespace EbpfLb.E2E.Announcers;

/// <summary>What commands of the agents say of their nodes.</summary>
internal static class Findings
{
    /// <summary>
    /// What doctor finds not in order on both nodes, but for other instances, which other tests have, and the warnings of status. That a
    /// macvlan, such as keepalived's, has no XDP by the driver is true, and left out.
    /// </summary>
    public static string Of(TestCluster cluster) => string.Join('\n', ((ClusterNode[])[cluster.First, cluster.Second]).SelectMany(n =>
        n.Agent.Json("doctor").GetProperty("checks").EnumerateArray()
            .Where(c => c.GetProperty("state").GetString() != "ok" && c.GetProperty("check").GetString() != "instances.others")
            .Select(c => $"{n.Name} {c.GetProperty("check")} {c.GetProperty("state")}: {c.GetProperty("finding")}")
            .Concat(n.Agent.Json("status").GetProperty("warnings").EnumerateArray().Select(w => $"{n.Name} {w}")))
        .Where(f => !f.Contains("device vrrp.", StringComparison.Ordinal)
            || !f.Contains("has no XDP program, tc does its work", StringComparison.Ordinal)));
}
