using EbpfLb.Policy.Compiler;

namespace EbpfLb.Policy.Endpoints;

/// <summary>The lists of a service port together. Not thread-safe: the buffer is reused.</summary>
internal sealed class EndpointSelection(NodeFacts node, NodeNetwork network, IEndpointPolicy[] policies)
{
    private readonly TunnelEnds ends = new(node);
    private BackendLists[] buffer = [];
    private MergedEndpoint[] undrained = [];

    /// <summary>
    /// Adds the endpoints that are in a list or keep what they have, keeping their order. Returns whether a usable one exists anywhere, in
    /// a list or not ("hasAny").
    /// </summary>
    /// <param name="tunnels">With where tunnels to them end, and with the Local list, which has who answers what comes by one.</param>
    public bool Select(ReadOnlySpan<MergedEndpoint> endpoints, ReadOnlySpan<ServedFrontend> frontends, RetainedEndpoints kept,
        bool tunnels, List<CompiledBackend> chosen)
    {
        if (buffer.Length < endpoints.Length) buffer = new BackendLists[Math.Max(endpoints.Length, buffer.Length * 2)];
        var lists = buffer.AsSpan(0, endpoints.Length);
        lists.Clear();
        var used = UsedBy(frontends) | (tunnels ? BackendLists.InLocal : BackendLists.None);
        var last = WithoutDrains(endpoints);
        foreach (var policy in policies)
        {
            if (!used.HasFlag(policy.List)) continue;
            policy.Select(endpoints, lists);
            if (last.Length > 0 && IsEmpty(lists, policy.List)) policy.Select(last, lists);
        }
        var any = false;
        foreach (ref readonly var endpoint in last.Length > 0 ? last : endpoints)
            any |= endpoint.IsReady || endpoint.IsServingWhileTerminating;
        for (var i = 0; i < endpoints.Length; i++)
        {
            if (lists[i] == BackendLists.None && Keeps(endpoints[i], kept, used)) lists[i] = BackendLists.Keeps;
            if (lists[i] == BackendLists.None) continue;
            var here = !node.IsHere(endpoints[i].Endpoint) ? BackendLists.None
                : network.MayBeOnWire(endpoints[i].Address.Address) ? BackendLists.Local | BackendLists.OnWire : BackendLists.Local;
            if (tunnels && endpoints[i].IsServing) here |= BackendLists.Serves;
            var weight = lists[i] == BackendLists.Keeps && endpoints[i].IsDrained ? (ushort)0 : endpoints[i].Endpoint.Weight;
            chosen.Add(new CompiledBackend(endpoints[i].Address, lists[i] | here, weight)
            {
                Node = tunnels ? ends.Of(endpoints[i].Endpoint) : null,
            });
        }
        return any;
    }

    /// <summary>
    /// The endpoints as they are when drains do not hold that give way to an empty list; empty when no drain does. A drained endpoint comes
    /// after those that serve while they terminate.
    /// </summary>
    private ReadOnlySpan<MergedEndpoint> WithoutDrains(ReadOnlySpan<MergedEndpoint> endpoints)
    {
        var any = false;
        foreach (ref readonly var endpoint in endpoints) any |= endpoint.Drain == DrainState.UnlessLast;
        if (!any) return [];
        if (undrained.Length < endpoints.Length) undrained = new MergedEndpoint[endpoints.Length];
        for (var i = 0; i < endpoints.Length; i++)
            undrained[i] = endpoints[i].Drain == DrainState.UnlessLast ? endpoints[i] with { Drain = DrainState.None } : endpoints[i];
        return undrained.AsSpan(0, endpoints.Length);
    }

    private static bool IsEmpty(ReadOnlySpan<BackendLists> lists, BackendLists list)
    {
        foreach (var marks in lists)
            if (marks.HasFlag(list)) return false;
        return true;
    }

    /// <summary>Where only the Local list is used nothing ever led to other nodes, and there may be thousands of those endpoints.</summary>
    private bool Keeps(in MergedEndpoint endpoint, RetainedEndpoints kept, BackendLists used) => kept switch
    {
        RetainedEndpoints.All => true,
        RetainedEndpoints.None when !endpoint.IsDrained => false,
        _ => endpoint.IsServing && (used.HasFlag(BackendLists.InCluster) || node.IsHere(endpoint.Endpoint)),
    };

    /// <summary>
    /// Local list: for a frontend with a Local policy. Cluster list: for one with a Cluster policy, and for every external one, since
    /// pods and the node itself use it there whatever the policy (docs/contract.md 5.2).
    /// </summary>
    private static BackendLists UsedBy(ReadOnlySpan<ServedFrontend> frontends)
    {
        var used = BackendLists.None;
        foreach (ref readonly var served in frontends)
        {
            if (served.LocalPolicy) used |= BackendLists.InLocal;
            if (!served.LocalPolicy || served.Kind != FrontendKind.ClusterIP) used |= BackendLists.InCluster;
        }
        return used;
    }
}

/// <summary>Which endpoints that are in no list keep the flows and sockets that they have; what leads to any other is ended.</summary>
internal enum RetainedEndpoints
{
    /// <summary>Nobody asks: connections end by themselves.</summary>
    None,

    /// <summary>Those that serve, terminating or not: of UDP ports (docs/contract.md 12).</summary>
    Serving,

    /// <summary>
    /// Those that exist, whatever their conditions: of TCP ports whose connections are ended with their backend, and where tunnels lead.
    /// </summary>
    All,
}

/// <summary>Fills one of the lists of a service port (docs/contract.md 6).</summary>
internal interface IEndpointPolicy
{
    /// <summary>The list that this one fills; it is not asked when no frontend uses it.</summary>
    BackendLists List { get; }

    /// <summary>Sets <see cref="List"/> in the marks of the chosen ones.</summary>
    /// <param name="lists">One mark for each endpoint.</param>
    void Select(ReadOnlySpan<MergedEndpoint> endpoints, Span<BackendLists> lists);
}
