namespace EbpfLb.Kubernetes.Wire;

/// <summary>v1 Service.</summary>
internal sealed class WireService : IWireObject
{
    public WireMetadata? Metadata { get; set; }

    public WireServiceSpec? Spec { get; set; }
}

/// <summary>spec of a Service.</summary>
internal sealed class WireServiceSpec
{
    public string? Type { get; set; }

    public WireIp? ClusterIP { get; set; }

    public WireIp[]? ClusterIPs { get; set; }

    public WireServicePort[]? Ports { get; set; }

    public string? SessionAffinity { get; set; }

    public WireAffinityConfig? SessionAffinityConfig { get; set; }
}

/// <summary>spec.ports[]. Numbers are 64 bits wide so that nonsense is reported by name instead of failing the object.</summary>
internal struct WireServicePort
{
    public string? Name { get; set; }

    public string? Protocol { get; set; }

    public long? Port { get; set; }

    public long? NodePort { get; set; }
}

/// <summary>spec.sessionAffinityConfig.</summary>
internal sealed class WireAffinityConfig
{
    public WireClientIPConfig? ClientIP { get; set; }
}

/// <summary>spec.sessionAffinityConfig.clientIP.</summary>
internal sealed class WireClientIPConfig
{
    public long? TimeoutSeconds { get; set; }
}
