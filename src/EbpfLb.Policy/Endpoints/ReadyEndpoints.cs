using EbpfLb.Model;

namespace EbpfLb.Policy.Endpoints;

/// <summary>Every ready endpoint, wherever it is; a ready one that terminates counts (publishNotReadyAddresses).</summary>
internal sealed class ReadyEndpoints : IEndpointPolicy
{
    public void Select(ReadOnlySpan<MergedEndpoint> endpoints, List<CompiledBackend> chosen)
    {
        foreach (ref readonly var candidate in endpoints)
        {
            if (candidate.Endpoint.Conditions.HasFlag(EndpointConditions.Ready))
                chosen.Add(new CompiledBackend(candidate.Address, BackendLists.InCluster));
        }
    }
}
