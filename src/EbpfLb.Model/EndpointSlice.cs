namespace EbpfLb.Model;

/// <summary>
/// One port of a slice; <see cref="Name"/> is "" when it has none. Entries without a number (or 0) are not kept (docs/contract.md 3).
/// </summary>
public readonly record struct EndpointPort(string Name, TransportProtocol Protocol, ushort Port);

/// <summary>Conditions with their defaults applied: ready and serving are true, terminating false when absent.</summary>
[Flags]
public enum EndpointConditions : byte
{
    None = 0,
    Ready = 1,
    Serving = 2,
    Terminating = 4,

    /// <summary>What an endpoint without conditions has.</summary>
    Default = Ready | Serving,
}

/// <summary>hints of one endpoint; a slice's endpoints often share one instance.</summary>
public sealed record EndpointHints(ValueList<string> Zones, ValueList<string> Nodes);

/// <summary>One endpoint: the first of its addresses, as the others are never used (docs/contract.md 3).</summary>
/// <param name="NodeName">null when unset: never local then, whatever its address.</param>
/// <param name="Weight">
/// 0 to 65535 as in IPVS, from annotations of the slice: the share of new connections beside the other endpoints' weights. 0: no new
/// connections, but established ones go on.
/// </param>
public readonly record struct Endpoint(
    IpAddress Address,
    EndpointConditions Conditions,
    string? NodeName = null,
    EndpointHints? Hints = null,
    ushort Weight = Endpoint.DefaultWeight)
{
    public const ushort DefaultWeight = 1;

    /// <summary>Where it runs, for people: no rule asks for it (docs/contract.md 3). null when unset.</summary>
    public string? Zone { get; init; }
}

/// <summary>
/// An EndpointSlice (discovery.k8s.io/v1) of one family; slices with addressType FQDN are never made into one.
/// An Endpoints object becomes one slice per subset and family.
/// </summary>
/// <param name="ServiceName">Label kubernetes.io/service-name, in the namespace of the slice; never empty.</param>
/// <param name="TriggerTime">Annotation endpoints.kubernetes.io/last-change-trigger-time, when it could be read. No part of the
/// content.</param>
public sealed record EndpointSlice(
    ObjectName Name,
    string ServiceName,
    IpFamily Family,
    ValueList<EndpointPort> Ports,
    ValueList<Endpoint> Endpoints,
    ServiceLabels Labels = ServiceLabels.None,
    DateTimeOffset? TriggerTime = null)
{
    /// <summary>Annotations of weights that are not taken: all weights are as they were in the object before.</summary>
    public ValueList<RefusedField> Refused { get; init; }

    /// <summary>This slice, with the weights of its endpoints as they were before where new ones were refused.</summary>
    /// <param name="before">null: it was not there before.</param>
    public EndpointSlice After(EndpointSlice? before)
    {
        if (Refused.IsEmpty || before is null) return this;
        var weights = new Dictionary<IpAddress, ushort>();
        foreach (var endpoint in before.Endpoints) weights[endpoint.Address] = endpoint.Weight;
        return this with
        {
            Endpoints = Endpoints.Select(e => weights.TryGetValue(e.Address, out var weight) ? e with { Weight = weight } : e)
                .ToValueList(),
        };
    }

    /// <summary>The Service this slice belongs to.</summary>
    public ObjectName Owner => new(Name.Namespace, ServiceName);

    /// <summary>
    /// Without <see cref="TriggerTime"/>: when nothing else is new, nothing has changed, and nothing is timed (docs/contract.md 13).
    /// </summary>
    public bool Equals(EndpointSlice? other) => other is not null
        && Name == other.Name && ServiceName == other.ServiceName && Family == other.Family && Labels == other.Labels
        && Ports.Equals(other.Ports) && Endpoints.Equals(other.Endpoints) && Refused.Equals(other.Refused);

    public override int GetHashCode() => HashCode.Combine(Name, ServiceName, Family, Labels, Ports, Endpoints);
}
