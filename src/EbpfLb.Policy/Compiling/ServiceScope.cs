using EbpfLb.Model;

namespace EbpfLb.Policy.Compiling;

/// <summary>Which Services are this proxy's to serve (contract section 1, "Ignored Services").</summary>
internal static class ServiceScope
{
    /// <summary>
    /// False for ExternalName (also with a ClusterIP left over), for headless Services and for labelled ones. A Service
    /// without a selector is served: its slices are made by hand.
    /// </summary>
    public static bool IsServed(Service service)
        => service.Type != ServiceType.ExternalName && !service.ClusterIPs.IsEmpty && service.Labels == ServiceLabels.None;
}
