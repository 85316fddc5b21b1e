namespace EbpfLb.Kubernetes.Wire;

/// <summary>discovery.k8s.io/v1 EndpointSlice.</summary>
internal sealed class WireEndpointSlice : IWireObject
{
    public WireMetadata? Metadata { get; set; }

    public string? AddressType { get; set; }

    public WireEndpoint[]? Endpoints { get; set; }

    public WireEndpointPort[]? Ports { get; set; }
}

/// <summary>endpoints[]: a struct, because a list of them is read and dropped at once.</summary>
internal struct WireEndpoint
{
    public WireIp[]? Addresses { get; set; }

    public WireConditions? Conditions { get; set; }

    public string? NodeName { get; set; }

    public string? Zone { get; set; }

    public WireHints? Hints { get; set; }
}

/// <summary>endpoints[].conditions.</summary>
internal struct WireConditions
{
    public bool? Ready { get; set; }

    public bool? Serving { get; set; }

    public bool? Terminating { get; set; }
}

/// <summary>endpoints[].hints.</summary>
internal sealed class WireHints
{
    public WireNamed[]? ForZones { get; set; }

    public WireNamed[]? ForNodes { get; set; }
}

/// <summary>Something with a name: hints.forZones[], hints.forNodes[].</summary>
internal struct WireNamed
{
    public string? Name { get; set; }
}

/// <summary>ports[] of an EndpointSlice and of an Endpoints subset.</summary>
internal struct WireEndpointPort
{
    public string? Name { get; set; }

    public string? Protocol { get; set; }

    public long? Port { get; set; }
}
