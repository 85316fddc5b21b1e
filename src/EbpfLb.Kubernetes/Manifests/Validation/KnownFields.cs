using System.Collections.Frozen;
using EbpfLb.Kubernetes.Manifests.Parser;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>
/// The fields that the API has, for a warning about others: a misspelt "sessionAfinity" would otherwise do nothing
/// without a word. An API server drops unknown fields with a warning too.
/// </summary>
internal static class KnownFields
{
    public static IReadOnlySet<string> ServiceSpec { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "allocateLoadBalancerNodePorts", "clusterIP", "clusterIPs", "externalIPs", "externalName", "externalTrafficPolicy",
        "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP",
        "loadBalancerSourceRanges", "ports", "publishNotReadyAddresses", "selector", "sessionAffinity", "sessionAffinityConfig",
        "trafficDistribution", "type",
        // Fields of older servers, which their dumps still have.
        "topologyKeys", "ipFamily",
    };

    public static IReadOnlySet<string> ServicePort { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "appProtocol", "name", "nodePort", "port", "protocol", "targetPort",
    };

    public static IReadOnlySet<string> EndpointSlice { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "addressType", "apiVersion", "endpoints", "kind", "metadata", "ports",
    };

    public static FrozenSet<string> Metadata { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName", "generation",
        "labels", "managedFields", "name", "namespace", "ownerReferences", "resourceVersion", "selfLink", "uid",
        // Fields of older servers, which their dumps still have.
        "clusterName", "initializers");

    /// <summary>Warns about members that the API does not have.</summary>
    public static void Warn(Field map, IReadOnlySet<string> known)
    {
        if (!map.HoldsMap) return;
        foreach (var (name, value) in map.Members())
        {
            if (!known.Contains(name)) value.Warn("the API has no such field, it does nothing; check the spelling or remove it");
        }
    }
}
