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

/// <summary>One entry of spec.ports. <see cref="Name"/> is "" when the port has none; <see cref="NodePort"/> is 0 when there is none.</summary>
public readonly record struct ServicePort(string Name, TransportProtocol Protocol, ushort Port, ushort NodePort);

/// <summary>
/// A Service, with only what a proxy needs (contract section 1, "Fields used per svcport"). Fields that later issues
/// read (NodePorts' policies, LB ingress, source ranges) are added here when they are used.
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
    /// <summary>sessionAffinityConfig.clientIP.timeoutSeconds when the object has none (contract section 11).</summary>
    public const uint DefaultAffinitySeconds = 10800;
}

/// <summary>Labels that take an object out of the proxy's hands, whatever their value (contract section 1).</summary>
[Flags]
public enum ServiceLabels : byte
{
    None = 0,

    /// <summary>service.kubernetes.io/service-proxy-name: another proxy serves it.</summary>
    ProxyName = 1,

    /// <summary>service.kubernetes.io/headless.</summary>
    Headless = 2,
}
