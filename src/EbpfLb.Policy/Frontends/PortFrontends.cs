using System.Runtime.InteropServices;
using EbpfLb.Model;

namespace EbpfLb.Policy.Frontends;

/// <summary>
/// All frontends of a service port. An address that a Service has twice belongs to the policy that comes first: ClusterIP;
/// LoadBalancer before external IP, because kube-proxy filters sources by the address, however else the Service came to it.
/// Not thread-safe: the buffer is reused.
/// </summary>
internal sealed class PortFrontends(IFrontendPolicy[] policies)
{
    private readonly List<ServedFrontend> found = [];

    /// <summary>The frontends in the order of the policies; valid until the next call.</summary>
    public ReadOnlySpan<ServedFrontend> Of(Service service, ServicePort port, IpFamily family)
    {
        found.Clear();
        foreach (var policy in policies) policy.Add(service, port, family, found);
        return CollectionsMarshal.AsSpan(found)[..KeepFirstOfEach()];
    }

    private int KeepFirstOfEach()
    {
        var items = CollectionsMarshal.AsSpan(found);
        var kept = 0;
        foreach (ref readonly var item in items)
        {
            if (!Contains(items[..kept], item.Frontend)) items[kept++] = item;
        }
        return kept;
    }

    private static bool Contains(ReadOnlySpan<ServedFrontend> items, Frontend frontend)
    {
        foreach (ref readonly var item in items)
        {
            if (item.Frontend == frontend) return true;
        }
        return false;
    }
}

/// <summary>Says where a service port answers. Each kind of address (docs/contract.md 4) is a policy of its own.</summary>
internal interface IFrontendPolicy
{
    /// <summary>
    /// Adds the frontends of one port in one family, in which the Service has a ClusterIP; adds none when it has no such address.
    /// </summary>
    void Add(Service service, ServicePort port, IpFamily family, List<ServedFrontend> frontends);
}
