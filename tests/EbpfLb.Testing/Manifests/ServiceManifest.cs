using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace EbpfLb.Testing.Manifests;

/// <summary>One port: what clients connect to, and the port number of the endpoints.</summary>
public sealed record PortManifest(string Name, string Protocol, int Port, int TargetPort);

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
            ["type"] = "ClusterIP",
            ["clusterIP"] = ClusterIPs[0].ToString(),
            ["clusterIPs"] = Array(ClusterIPs.Select(ip => (JsonNode)ip.ToString())),
            ["ipFamilyPolicy"] = ClusterIPs.Count == 2 ? "RequireDualStack" : "SingleStack",
            ["ipFamilies"] = Array(ClusterIPs.Select(ip => (JsonNode)Family(ip))),
            ["ports"] = Array(Ports.Select(port => new JsonObject
            {
                ["name"] = port.Name,
                ["protocol"] = port.Protocol,
                ["port"] = port.Port,
                ["targetPort"] = port.TargetPort,
            })),
        };
        if (AffinitySeconds is { } seconds)
        {
            spec["sessionAffinity"] = "ClientIP";
            spec["sessionAffinityConfig"] = new JsonObject { ["clientIP"] = new JsonObject { ["timeoutSeconds"] = seconds } };
        }
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = Namespace },
            ["spec"] = spec,
        };
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
        },
        ["addressType"] = family,
        ["ports"] = Array(Ports.Select(port => new JsonObject { ["name"] = port.Name, ["protocol"] = port.Protocol, ["port"] = port.TargetPort })),
        ["endpoints"] = Array(Endpoints.Select(ip => (ip, ready: true)).Concat(UnreadyEndpoints.Select(ip => (ip, ready: false)))
            .Where(endpoint => Family(endpoint.ip) == family)
            .Select(endpoint => new JsonObject
            {
                ["addresses"] = Array([endpoint.ip.ToString()]),
                ["conditions"] = new JsonObject { ["ready"] = endpoint.ready },
            })),
    };

    private static JsonArray Array(IEnumerable<JsonNode> items) => [.. items];

    private static string Family(IPAddress ip) => ip.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
}
