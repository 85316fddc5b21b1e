using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Policy.Endpoints;

namespace EbpfLb.Explain;

/// <summary>What is known of the endpoint behind a backend.</summary>
/// <param name="NodeName">null: its slice names none.</param>
/// <param name="Zone">null: its slice names none.</param>
/// <param name="IsHere">It is of this node, by nodeName alone.</param>
/// <param name="State">"ready", "not ready", "terminating, serving", "terminating", "drained" or "weight 0".</param>
public readonly record struct BackendFacts(string? NodeName, string? Zone, bool IsHere, string State)
{
    /// <summary>Nothing new goes to it, by an operator's drain or by weight 0.</summary>
    public bool IsDrained { get; private init; }

    /// <summary>Of all endpoints of a service port, also those that are no backends.</summary>
    /// <param name="entry">The Service with its slices; null: there are none.</param>
    /// <param name="nodeName">"": not known, and nothing is of this node.</param>
    /// <param name="drains">Those in force on this node.</param>
    public static IReadOnlyDictionary<BackendAddress, BackendFacts> Of(
        ServiceEntry? entry, ServicePortKey key, string nodeName, ValueList<BackendDrain> drains = default)
    {
        var facts = new Dictionary<BackendAddress, BackendFacts>();
        foreach (ref readonly var endpoint in new EndpointUnion().Merge(
            entry?.Slices ?? [], new ServicePort(key.PortName, key.Protocol, 0, 0), key.Family, new ServiceDrains(drains, key.Service)))
        {
            facts[endpoint.Address] = new BackendFacts(
                endpoint.Endpoint.NodeName, endpoint.Endpoint.Zone, endpoint.Endpoint.NodeName == nodeName, StateOf(endpoint))
            {
                IsDrained = endpoint.IsDrained,
            };
        }
        return facts;
    }

    /// <summary>What keeps new connections away first.</summary>
    private static string StateOf(in MergedEndpoint endpoint)
    {
        if (endpoint.Drain != DrainState.None) return "drained";
        if (endpoint.IsDrained) return "weight 0";
        if (endpoint.IsTerminating) return endpoint.IsServing ? "terminating, serving" : "terminating";
        return endpoint.IsReady ? "ready" : "not ready";
    }
}
