using EbpfLb.Model;

namespace EbpfLb.Policy.Compiler;

/// <summary>Which Services are this proxy's to serve (docs/contract.md 1, "Ignored Services").</summary>
internal static class ServiceScope
{
    /// <summary>
    /// False for ExternalName (also with a ClusterIP left over), for headless Services and for labelled ones. A Service
    /// without a selector is served: its slices are made by hand.
    /// </summary>
    public static bool IsServed(Service service)
        => service.Type != ServiceType.ExternalName && !service.ClusterIPs.IsEmpty && service.Labels == ServiceLabels.None;

    /// <summary>The port that tells load balancers whether this node has endpoints; 0: there is none (docs/contract.md 9, "Who").</summary>
    public static ushort HealthCheckPort(Service service)
        => service is { Type: ServiceType.LoadBalancer, ExternalTraffic: TrafficPolicy.Local } ? service.HealthCheckNodePort : (ushort)0;

    /// <summary>The ClusterIP of a family; null: nothing of the family is served, also no NodePort and no external address.</summary>
    public static IpAddress? ClusterIP(Service service, IpFamily family)
    {
        foreach (var address in service.ClusterIPs)
        {
            if (address.Family == family && !address.IsUnspecified) return address;
        }
        return null;
    }
}
