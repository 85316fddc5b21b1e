namespace EbpfLb.Policy.Endpoints;

/// <summary>Chooses among a service port's endpoints (contract section 6).</summary>
internal interface IEndpointPolicy
{
    /// <summary>Adds the chosen ones, keeping their order.</summary>
    void Select(ReadOnlySpan<MergedEndpoint> endpoints, List<CompiledBackend> chosen);
}
