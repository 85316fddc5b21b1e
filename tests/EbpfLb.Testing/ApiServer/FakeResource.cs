namespace EbpfLb.Testing.ApiServer;

/// <summary>A collection of the fake server.</summary>
/// <param name="EmptyBody">What an object of it looks like with nothing in it: the rest of a BOOKMARK, after its metadata.</param>
/// <param name="Fields">Field selectors the server knows besides metadata.name and metadata.namespace.</param>
public sealed record FakeResource(string Path, string ApiVersion, string Plural, string Kind, string EmptyBody, params string[] Fields)
{
    public static FakeResource Services { get; } = new(
        "/api/v1/services", "v1", "services", "Service", "\"spec\":{},\"status\":{\"loadBalancer\":{}}", "spec.clusterIP", "spec.type");

    public static FakeResource EndpointSlices { get; } = new(
        "/apis/discovery.k8s.io/v1/endpointslices", "discovery.k8s.io/v1", "endpointslices", "EndpointSlice",
        "\"addressType\":\"\",\"endpoints\":null,\"ports\":null");

    public static FakeResource Nodes { get; } = new(
        "/api/v1/nodes", "v1", "nodes", "Node", "\"spec\":{},\"status\":{\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":0}}}",
        "spec.unschedulable");

    /// <summary>Only taken, never listed.</summary>
    public static FakeResource Events { get; } = new("/apis/events.k8s.io/v1/events", "events.k8s.io/v1", "events", "Event", "");

    /// <summary>Only where <see cref="FakeApiServerOptions.HasServiceCidrs"/>.</summary>
    public static FakeResource ServiceCidrs { get; } = new(
        "/apis/networking.k8s.io/v1/servicecidrs", "networking.k8s.io/v1", "servicecidrs", "ServiceCIDR", "\"spec\":{}");

    public static IReadOnlyList<FakeResource> All { get; } = [Services, EndpointSlices, Nodes, ServiceCidrs];

    /// <summary>"" for the core group.</summary>
    public string Group => ApiVersion.Contains('/') ? ApiVersion[..ApiVersion.IndexOf('/')] : "";
}
