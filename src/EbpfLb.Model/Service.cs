namespace EbpfLb.Model;

/// <summary>Transport protocols of Service ports; the values are the IP protocol numbers.</summary>
public enum TransportProtocol : byte
{
    Tcp = 6,
    Udp = 17,
    Sctp = 132,
}

/// <summary>spec.type.</summary>
public enum ServiceType : byte
{
    ClusterIP,
    NodePort,
    LoadBalancer,
    ExternalName,
}

/// <summary>
/// One entry of spec.ports. <see cref="Name"/> is "" when the port has none; <see cref="NodePort"/> is 0 when there is none.
/// </summary>
public readonly record struct ServicePort(string Name, TransportProtocol Protocol, ushort Port, ushort NodePort);

/// <summary>
/// A Service, with only what a proxy needs (docs/contract.md 1, "Fields used per svcport"). spec.loadBalancerIP is not
/// among it: only the addresses of the status are ever served.
/// </summary>
/// <param name="ClusterIPs">At most one per family, in the order of the object; empty for headless Services ("None").</param>
/// <param name="AffinitySeconds">ClientIP affinity time-out in seconds; 0 means no affinity.</param>
public sealed record Service(
    ObjectName Name,
    ServiceType Type,
    ValueList<IpAddress> ClusterIPs,
    ValueList<ServicePort> Ports,
    uint AffinitySeconds,
    ServiceLabels Labels)
{
    /// <summary>sessionAffinityConfig.clientIP.timeoutSeconds when the object has none (docs/contract.md 11).</summary>
    public const uint DefaultAffinitySeconds = 10800;

    /// <summary>spec.externalIPs of both families.</summary>
    public ValueList<IpAddress> ExternalIPs { get; init; }

    /// <summary>
    /// status.loadBalancer.ingress[].ip of both families, without those whose ipMode is Proxy: packets to such an address are
    /// left alone and go out to the load balancer.
    /// </summary>
    public ValueList<IpAddress> BalancerIPs { get; init; }

    /// <summary>spec.loadBalancerSourceRanges of both families; empty: every source may use <see cref="BalancerIPs"/>.</summary>
    public ValueList<SourceRange> SourceRanges { get; init; }

    /// <summary>For the ClusterIPs.</summary>
    public TrafficPolicy InternalTraffic { get; init; }

    /// <summary>For everything but the ClusterIPs.</summary>
    public TrafficPolicy ExternalTraffic { get; init; }

    /// <summary>The port that says whether this node has endpoints (docs/contract.md 9); 0 when there is none.</summary>
    public ushort HealthCheckNodePort { get; init; }

    /// <summary>Annotation ebpflb.io/scheduler; null: that of the configuration.</summary>
    public Scheduler? Scheduler { get; init; }

    /// <summary>Annotation ebpflb.io/maglev-table-size, see <see cref="Model.MaglevTableSize"/>; 0: that of the configuration.</summary>
    public int MaglevTableSize { get; init; }

    /// <summary>Annotation ebpflb.io/forwarding; null: that of the configuration.</summary>
    public Forwarding? Forwarding { get; init; }

    /// <summary>Fields that are as they were in the object before, see <see cref="After"/>.</summary>
    public ValueList<RefusedField> Refused { get; init; }

    /// <summary>This object, with what was refused in it as it was before.</summary>
    /// <param name="before">null: it was not there before.</param>
    public Service After(Service? before) => Refused.IsEmpty || before is null ? this : this with
    {
        Scheduler = IsRefused(RefusedField.Scheduler) ? before.Scheduler : Scheduler,
        MaglevTableSize = IsRefused(RefusedField.MaglevTableSize) ? before.MaglevTableSize : MaglevTableSize,
        Forwarding = IsRefused(RefusedField.Forwarding) ? before.Forwarding : Forwarding,
    };

    private bool IsRefused(string path)
    {
        foreach (var field in Refused)
            if (field.Path == path) return true;
        return false;
    }
}

/// <summary>Labels that take an object out of the proxy's hands, whatever their value (docs/contract.md 1).</summary>
[Flags]
public enum ServiceLabels : byte
{
    None = 0,

    /// <summary>service.kubernetes.io/service-proxy-name: another proxy serves it.</summary>
    ProxyName = 1,

    /// <summary>service.kubernetes.io/headless.</summary>
    Headless = 2,
}

/// <summary>internalTrafficPolicy and externalTrafficPolicy: which endpoints may answer.</summary>
public enum TrafficPolicy : byte
{
    /// <summary>Endpoints of the whole cluster; what an unset field means.</summary>
    Cluster,

    /// <summary>Only endpoints on the node that the connection came to.</summary>
    Local,
}
