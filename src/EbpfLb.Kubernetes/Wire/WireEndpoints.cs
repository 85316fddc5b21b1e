namespace EbpfLb.Kubernetes.Wire;

/// <summary>v1 Endpoints, the older form that a control plane mirrors into EndpointSlices.</summary>
internal sealed class WireEndpoints : IWireObject
{
    public WireMetadata? Metadata { get; set; }

    public WireSubset?[]? Subsets { get; set; }
}

/// <summary>subsets[].</summary>
internal sealed class WireSubset
{
    public WireEndpointAddress[]? Addresses { get; set; }

    public WireEndpointAddress[]? NotReadyAddresses { get; set; }

    public WireEndpointPort[]? Ports { get; set; }
}

/// <summary>subsets[].addresses[].</summary>
internal struct WireEndpointAddress
{
    public WireIp? IP { get; set; }

    public string? NodeName { get; set; }
}
