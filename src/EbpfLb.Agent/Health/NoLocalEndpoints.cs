using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Health;

/// <summary>Counts service ports that this node drops what comes to, as their policy is Local and their endpoints are elsewhere.</summary>
internal static class NoLocalEndpoints
{
    private const string Internal = "internal";
    private const string External = "external";

    /// <returns>A reading for each family and policy, 0 included.</returns>
    public static IReadOnlyList<NoLocalEndpointsReading> Count(ForwardingTable? table)
    {
        var counts = new Dictionary<(IpFamily Family, string Policy), int>();
        foreach (var family in Enum.GetValues<IpFamily>()) counts[(family, Internal)] = counts[(family, External)] = 0;
        if (table is not null)
        {
            foreach (var service in table.Services)
                foreach (var port in service.Ports) Add(port, counts);
        }
        return [.. counts.Select(c => new NoLocalEndpointsReading(c.Key.Family, c.Key.Policy, c.Value))];
    }

    private static void Add(CompiledPort port, Dictionary<(IpFamily Family, string Policy), int> counts)
    {
        if (!port.Elsewhere || port.Backends.Any(b => b.Lists.HasFlag(BackendLists.InLocal))) return;
        if (port.Frontends.Any(f => f is { LocalPolicy: true, Kind: FrontendKind.ClusterIP })) counts[(port.Key.Family, Internal)]++;
        if (port.Frontends.Any(f => f is { LocalPolicy: true, Kind: not FrontendKind.ClusterIP })) counts[(port.Key.Family, External)]++;
    }
}
