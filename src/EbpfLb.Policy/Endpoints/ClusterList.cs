using EbpfLb.Policy.Compiler;

namespace EbpfLb.Policy.Endpoints;

/// <summary>
/// Ready endpoints wherever they are, as far as hints let them (a ready one that terminates counts: publishNotReadyAddresses).
/// When nothing is ready, those that still serve while they terminate; hints do not hold for these.
/// </summary>
internal sealed class ClusterList(NodeFacts node) : IEndpointPolicy
{
    public BackendLists List => BackendLists.InCluster;

    public void Select(ReadOnlySpan<MergedEndpoint> endpoints, Span<BackendLists> lists)
    {
        var hints = TopologyHints.Read(endpoints, node);
        var any = false;
        for (var i = 0; i < endpoints.Length; i++)
        {
            if (!endpoints[i].IsReady || !hints.Allow(endpoints[i].Endpoint)) continue;
            lists[i] |= List;
            any = true;
        }
        for (var i = 0; !any && i < endpoints.Length; i++)
        {
            if (endpoints[i].IsServingWhileTerminating) lists[i] |= List;
        }
    }
}
