using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EbpfLb.Model;

namespace EbpfLb.Policy.Endpoints;

/// <summary>
/// The union of a service port's endpoints over all slices (docs/contract.md 3). Ports are matched by name and protocol;
/// of several copies of an address:port the first wins, except that a non-terminating one replaces a terminating one
/// (an endpoint that moves between slices is in both for a moment). Not thread-safe: the buffer is reused.
/// </summary>
internal sealed class EndpointUnion
{
    private readonly List<MergedEndpoint> merged = [];

    /// <summary>Returns the endpoints ordered by address; valid until the next call.</summary>
    public ReadOnlySpan<MergedEndpoint> Merge(
        ImmutableArray<EndpointSlice> slices, ServicePort port, IpFamily family, ServiceDrains drains = default)
    {
        merged.Clear();
        foreach (var slice in slices)
        {
            if (slice.Family == family && slice.Labels == ServiceLabels.None) AddSlice(slice, port);
        }
        merged.Sort(static (left, right) => Compare(left, right));
        var kept = CollectionsMarshal.AsSpan(merged)[..KeepFirstOfEach()];
        if (drains.All.IsEmpty) return kept;
        foreach (ref var endpoint in kept) endpoint = endpoint with { Drain = drains.Of(endpoint.Address) };
        return kept;
    }

    private void AddSlice(EndpointSlice slice, ServicePort port)
    {
        foreach (var candidate in slice.Ports)
        {
            if (candidate.Port == 0 || candidate.Protocol != port.Protocol || candidate.Name != port.Name) continue;
            foreach (ref readonly var endpoint in slice.Endpoints.AsSpan())
            {
                if (endpoint.Address.Family != slice.Family) continue;
                merged.Add(new MergedEndpoint(new BackendAddress(endpoint.Address, candidate.Port), endpoint, merged.Count));
            }
        }
    }

    private static int Compare(in MergedEndpoint left, in MergedEndpoint right)
    {
        var byAddress = left.Address.CompareTo(right.Address);
        if (byAddress != 0) return byAddress;
        return left.IsTerminating != right.IsTerminating
            ? left.IsTerminating.CompareTo(right.IsTerminating)
            : left.Order.CompareTo(right.Order);
    }

    private int KeepFirstOfEach()
    {
        var items = CollectionsMarshal.AsSpan(merged);
        var kept = 0;
        foreach (ref readonly var item in items)
        {
            if (kept > 0 && items[kept - 1].Address == item.Address) continue;
            items[kept++] = item;
        }
        return kept;
    }
}

/// <summary>An endpoint of a service port after the union over its slices.</summary>
/// <param name="Order">Place in the order of slices and endpoints: the lower wins among copies.</param>
internal readonly record struct MergedEndpoint(BackendAddress Address, Endpoint Endpoint, int Order)
{
    /// <summary>What an operator said on this node.</summary>
    public DrainState Drain { get; init; }

    /// <summary>Ready for new connections.</summary>
    public bool IsReady => !IsDrained && Endpoint.Conditions.HasFlag(EndpointConditions.Ready);

    /// <summary>
    /// Weight 0, or drained on this node: for new connections it is as if it were not there, whatever its conditions; those it has go on.
    /// </summary>
    public bool IsDrained => Endpoint.Weight == 0 || Drain != DrainState.None;

    public bool IsServing => Endpoint.Conditions.HasFlag(EndpointConditions.Serving);

    public bool IsTerminating => Endpoint.Conditions.HasFlag(EndpointConditions.Terminating);

    /// <summary>Serving and terminating: what is used when nothing is ready. Serving alone is no reason to be used.</summary>
    public bool IsServingWhileTerminating
        => !IsDrained && Endpoint.Conditions.HasFlag(EndpointConditions.Serving | EndpointConditions.Terminating);
}
