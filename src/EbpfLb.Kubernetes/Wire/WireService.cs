using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>v1 Service.</summary>
internal sealed class WireService : IWireObject
{
    public WireMetadata? Metadata { get; set; }

    public WireServiceSpec? Spec { get; set; }

    public WireServiceStatus? Status { get; set; }
}

/// <summary>spec of a Service.</summary>
internal sealed class WireServiceSpec
{
    public string? Type { get; set; }

    /// <summary>
    /// There is one, and it is not empty: a control plane makes the slices. Which pods it selects is nobody's business here.
    /// </summary>
    [JsonConverter(typeof(NotEmptyConverter))]
    public bool Selector { get; set; }

    public WireIp? ClusterIP { get; set; }

    public WireIp[]? ClusterIPs { get; set; }

    public WireServicePort[]? Ports { get; set; }

    public string? SessionAffinity { get; set; }

    public WireAffinityConfig? SessionAffinityConfig { get; set; }

    public WireIp[]? ExternalIPs { get; set; }

    public string[]? LoadBalancerSourceRanges { get; set; }

    public string? InternalTrafficPolicy { get; set; }

    public string? ExternalTrafficPolicy { get; set; }

    public long? HealthCheckNodePort { get; set; }
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

/// <summary>status of a Service.</summary>
internal sealed class WireServiceStatus
{
    public WireBalancerStatus? LoadBalancer { get; set; }
}

/// <summary>status.loadBalancer.</summary>
internal sealed class WireBalancerStatus
{
    public WireIngress[]? Ingress { get; set; }
}

/// <summary>status.loadBalancer.ingress[]; it has a host name instead of an address with some load balancers.</summary>
internal struct WireIngress
{
    public WireIp? IP { get; set; }

    public string? IPMode { get; set; }
}
