using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace EbpfLb.Testing.Manifests;

/// <summary>One port: what clients connect to, and the port number of the endpoints.</summary>
public sealed record PortManifest(string Name, string Protocol, int Port, int TargetPort)
{
    /// <summary>0: none.</summary>
    public int NodePort { get; init; }
}

/// <summary>A Service and its EndpointSlices, one a family.</summary>
public sealed record ServiceManifest(string Name)
{
    public string Namespace { get; init; } = "default";

    /// <summary>At most one a family.</summary>
    public IReadOnlyList<IPAddress> ClusterIPs { get; init; } = [];

    public IReadOnlyList<PortManifest> Ports { get; init; } = [];

    /// <summary>Addresses of ready endpoints, of either family.</summary>
    public IReadOnlyList<IPAddress> Endpoints { get; init; } = [];

    /// <summary>Addresses of endpoints that are there but not ready.</summary>
    public IReadOnlyList<IPAddress> UnreadyEndpoints { get; init; } = [];

    /// <summary>Addresses of endpoints that serve to their end: terminating, serving, not ready.</summary>
    public IReadOnlyList<IPAddress> TerminatingEndpoints { get; init; } = [];

    /// <summary>metadata.annotations of the Service.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>metadata.annotations of its slices.</summary>
    public IReadOnlyDictionary<string, string> SliceAnnotations { get; init; } = new Dictionary<string, string>();

    /// <summary>0: none.</summary>
    public int HealthCheckNodePort { get; init; }

    /// <summary>spec.type.</summary>
    public string Type { get; init; } = "ClusterIP";

    public IReadOnlyList<IPAddress> ExternalIPs { get; init; } = [];

    /// <summary>status.loadBalancer.ingress.</summary>
    public IReadOnlyList<IPAddress> LoadBalancerIPs { get; init; } = [];

    public IReadOnlyList<string> SourceRanges { get; init; } = [];

    /// <summary>"Cluster" or "Local".</summary>
    public string ExternalTrafficPolicy { get; init; } = "Cluster";

    /// <summary>"Cluster" or "Local".</summary>
    public string InternalTrafficPolicy { get; init; } = "Cluster";

    /// <summary>Which node an endpoint is on; null: the slice does not say.</summary>
    public Func<IPAddress, string?> NodeOf { get; init; } = _ => null;

    /// <summary>ClientIP affinity with this time-out in seconds.</summary>
    public int? AffinitySeconds { get; init; }

    /// <summary>The objects, the Service first.</summary>
    public IReadOnlyList<JsonObject> Objects => [Service(), .. ClusterIPs.Select(ip => Slice(Family(ip)))];

    /// <summary>The objects as a file of several documents.</summary>
    public string Text => string.Concat(Objects.Select(json => $"---\n{json.ToJsonString()}\n"));

    /// <summary>Name of the EndpointSlice of a family, "IPv4" or "IPv6".</summary>
    public string SliceName(string family) => $"{Name}-{family.ToLowerInvariant()}";

    private JsonObject Service()
    {
        var spec = new JsonObject
        {
            ["type"] = Type,
            ["clusterIP"] = ClusterIPs[0].ToString(),
            ["clusterIPs"] = Array(ClusterIPs.Select(ip => (JsonNode)ip.ToString())),
            ["ipFamilyPolicy"] = ClusterIPs.Count == 2 ? "RequireDualStack" : "SingleStack",
            ["ipFamilies"] = Array(ClusterIPs.Select(ip => (JsonNode)Family(ip))),
            ["internalTrafficPolicy"] = InternalTrafficPolicy,
            ["ports"] = Array(Ports.Select(Port)),
        };
        if (Type != "ClusterIP" || ExternalIPs.Count > 0)
            spec["externalTrafficPolicy"] = ExternalTrafficPolicy;
        if (HealthCheckNodePort != 0)
            spec["healthCheckNodePort"] = HealthCheckNodePort;
        if (ExternalIPs.Count > 0)
            spec["externalIPs"] = Array(ExternalIPs.Select(ip => (JsonNode)ip.ToString()));
        if (SourceRanges.Count > 0)
            spec["loadBalancerSourceRanges"] = Array(SourceRanges.Select(range => (JsonNode)range));
        if (AffinitySeconds is { } seconds)
        {
            spec["sessionAffinity"] = "ClientIP";
            spec["sessionAffinityConfig"] = new JsonObject { ["clientIP"] = new JsonObject { ["timeoutSeconds"] = seconds } };
        }
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = Namespace, ["annotations"] = Map(Annotations) },
            ["spec"] = spec,
            ["status"] = new JsonObject
            {
                ["loadBalancer"] = new JsonObject
                {
                    ["ingress"] = Array(LoadBalancerIPs.Select(ip => new JsonObject { ["ip"] = ip.ToString() })),
                },
            },
        };
    }

    private static JsonObject Port(PortManifest port)
    {
        var json
            = new JsonObject { ["name"] = port.Name, ["protocol"] = port.Protocol, ["port"] = port.Port, ["targetPort"] = port.TargetPort };
        if (port.NodePort != 0)
            json["nodePort"] = port.NodePort;
        return json;
    }

    private JsonObject Endpoint(IPAddress ip, bool ready, bool terminating)
    {
        var conditions = new JsonObject { ["ready"] = ready };
        if (terminating)
            (conditions["serving"], conditions["terminating"]) = (true, true);
        var json = new JsonObject { ["addresses"] = Array([ip.ToString()]), ["conditions"] = conditions };
        if (NodeOf(ip) is { } node)
            json["nodeName"] = node;
        return json;
    }

    private JsonObject Slice(string family) => new()
    {
        ["apiVersion"] = "discovery.k8s.io/v1",
        ["kind"] = "EndpointSlice",
        ["metadata"] = new JsonObject
        {
            ["name"] = SliceName(family),
            ["namespace"] = Namespace,
            ["labels"] = new JsonObject { ["kubernetes.io/service-name"] = Name },
            ["annotations"] = Map(SliceAnnotations),
        },
        ["addressType"] = family,
        ["ports"] = Array(Ports.Select(port
            => new JsonObject { ["name"] = port.Name, ["protocol"] = port.Protocol, ["port"] = port.TargetPort })),
        ["endpoints"] = Array(Endpoints.Select(ip => (ip, ready: true, terminating: false))
            .Concat(UnreadyEndpoints.Select(ip => (ip, ready: false, terminating: false)))
            .Concat(TerminatingEndpoints.Select(ip => (ip, ready: false, terminating: true)))
            .Where(endpoint => Family(endpoint.ip) == family)
            .Select(endpoint => Endpoint(endpoint.ip, endpoint.ready, endpoint.terminating))),
    };

    private static JsonObject Map(IReadOnlyDictionary<string, string> texts)
        => new(texts.Select(text => KeyValuePair.Create(text.Key, (JsonNode?)text.Value)));

    private static JsonArray Array(IEnumerable<JsonNode> items) => [.. items];

    private static string Family(IPAddress ip) => ip.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
}
