using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Api;

/// <summary>A kind of object as an API server names it, and the model type it is read into.</summary>
/// <param name="Group">"" for the core group.</param>
/// <param name="Plural">The name in paths and in RBAC rules: "services".</param>
public sealed record ApiResource<T>(string Group, string Version, string Plural, string Kind)
    where T : class
{
    /// <summary>Path of the collection over all namespaces.</summary>
    public string Path => Group.Length == 0 ? $"/api/{Version}/{Plural}" : $"/apis/{Group}/{Version}/{Plural}";
}

/// <summary>The resources a service proxy reads.</summary>
public static class ApiResources
{
    public static ApiResource<Service> Services { get; } = new("", "v1", "services", "Service");

    /// <summary>General since Kubernetes 1.21.</summary>
    public static ApiResource<EndpointSlice> EndpointSlices { get; } = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");

    public static ApiResource<Node> Nodes { get; } = new("", "v1", "nodes", "Node");

    /// <summary>General since Kubernetes 1.33; older servers answer 404.</summary>
    public static ApiResource<ServiceCidr> ServiceCidrs { get; } = new("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR");
}
