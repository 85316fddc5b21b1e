namespace EbpfLb.Configuration.KubeProxy;

/// <summary>`winkernel`: Windows only.</summary>
public sealed record WinkernelSection
{
    public string NetworkName { get; init; } = "";

    public string SourceVip { get; init; } = "";

    public bool EnableDsr { get; init; }

    public string RootHnsEndpointName { get; init; } = "";

    public bool ForwardHealthCheckVip { get; init; }
}
