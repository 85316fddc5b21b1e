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
        // In this order: with few Local policies among many Services hardly a backend is looked at.
        var (isInternal, isExternal) = (false, false);
        foreach (var served in port.Frontends)
        {
            isInternal |= served is { LocalPolicy: true, Kind: FrontendKind.ClusterIP };
            isExternal |= served is { LocalPolicy: true, Kind: not FrontendKind.ClusterIP };
        }
        if ((!isInternal && !isExternal) || !port.HasRemoteEndpoints || HasLocal(port)) return;
        if (isInternal) counts[(port.Key.Family, Internal)]++;
        if (isExternal) counts[(port.Key.Family, External)]++;
    }

    private static bool HasLocal(CompiledPort port)
    {
        foreach (ref readonly var backend in port.Backends.AsSpan())
        {
            if ((backend.Lists & BackendLists.InLocal) != BackendLists.None) return true;
        }
        return false;
    }
}
