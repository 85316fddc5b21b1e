using EbpfLb.Model;

namespace EbpfLb.Policy.Endpoints;

/// <summary>An endpoint of a service port after the union over its slices.</summary>
/// <param name="Order">Place in the order of slices and endpoints: the lower wins among copies.</param>
internal readonly record struct MergedEndpoint(BackendAddress Address, Endpoint Endpoint, int Order)
{
    public bool IsReady => Endpoint.Conditions.HasFlag(EndpointConditions.Ready);

    public bool IsServing => Endpoint.Conditions.HasFlag(EndpointConditions.Serving);

    public bool IsTerminating => Endpoint.Conditions.HasFlag(EndpointConditions.Terminating);

    /// <summary>Serving and terminating: what is used when nothing is ready. Serving alone is no reason to be used.</summary>
    public bool IsServingWhileTerminating => Endpoint.Conditions.HasFlag(EndpointConditions.Serving | EndpointConditions.Terminating);
}
