using EbpfLb.Model;
using EbpfLb.Policy.Compiler;

namespace EbpfLb.Policy.Endpoints;

/// <summary>
/// Counts what health check ports tell: addresses of ready endpoints on this node, each once over all ports. One that merely serves
/// to its end is used, but no load balancer shall send more here (docs/contract.md 9). Not thread-safe: the sets are reused.
/// </summary>
internal sealed class LocalReadyCount(NodeFacts node)
{
    private readonly HashSet<IpAddress> addresses4 = [];
    private readonly HashSet<IpAddress> addresses6 = [];

    public int Value => Math.Max(addresses4.Count, addresses6.Count);

    public void Clear()
    {
        addresses4.Clear();
        addresses6.Clear();
    }

    public void Add(ReadOnlySpan<MergedEndpoint> endpoints)
    {
        foreach (ref readonly var merged in endpoints)
        {
            if (!merged.IsReady || !node.IsHere(merged.Endpoint)) continue;
            var address = merged.Address.Address;
            (address.Family == IpFamily.IPv4 ? addresses4 : addresses6).Add(address);
        }
    }
}
