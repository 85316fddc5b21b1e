using EbpfLb.Policy.Compiler;

namespace EbpfLb.Policy.Endpoints;

/// <summary>
/// Ready endpoints on this node; when there is none, those of this node that still serve while they terminate. Hints never hold
/// here, and what the Cluster list falls back to does not matter.
/// </summary>
internal sealed class LocalList(NodeFacts node) : IEndpointPolicy
{
    public BackendLists List => BackendLists.InLocal;

    public void Select(ReadOnlySpan<MergedEndpoint> endpoints, Span<BackendLists> lists)
    {
        var any = false;
        for (var i = 0; i < endpoints.Length; i++)
        {
            if (!endpoints[i].IsReady || !node.IsHere(endpoints[i].Endpoint)) continue;
            lists[i] |= List;
            any = true;
        }
        for (var i = 0; !any && i < endpoints.Length; i++)
        {
            if (endpoints[i].IsServingWhileTerminating && node.IsHere(endpoints[i].Endpoint)) lists[i] |= List;
        }
    }
}
