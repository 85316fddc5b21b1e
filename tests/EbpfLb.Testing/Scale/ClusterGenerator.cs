using System.Text.Json;

namespace EbpfLb.Testing.Scale;

/// <summary>
/// Makes clusters of a given size as the JSON that an API server would send: one TCP port and one EndpointSlice per Service,
/// with the labels, owner references and target references that real objects carry.
/// </summary>
/// <param name="services">Number of Services, up to 65,000; Service i has ClusterIP <see cref="ClusterIp"/>(i).</param>
/// <param name="endpointsPerService">Endpoints of each.</param>
public sealed class ClusterGenerator(int services, int endpointsPerService, int nodes = 200)
{
    public const string Namespace = "scale";
    public const ushort ServicePort = 80;
    public const ushort EndpointPort = 8080;

    public int Services => services;

    public static string ServiceName(int service) => $"service-{service:d5}";

    public static string SliceName(int service) => $"service-{service:d5}-x7k2p";

    /// <summary>Inside 10.96.0.0/12, never a network or broadcast-looking address.</summary>
    public static string ClusterIp(int service) => $"10.{97 + service / 62500}.{service / 250 % 250}.{service % 250 + 1}";

    /// <summary>Inside 10.128.0.0/9.</summary>
    public string EndpointIp(int service, int endpoint)
    {
        var index = service * endpointsPerService + endpoint;
        return $"10.{128 + index / 62500}.{index / 250 % 250}.{index % 250 + 1}";
    }

    /// <summary>One v1 List with everything, as `kubectl get services,endpointslices -A -o json` prints it.</summary>
    public void WriteList(Stream stream)
    {
        using var writer = new Utf8JsonWriter(stream);
        writer.WriteStartObject();
        writer.WriteString("apiVersion", "v1");
        writer.WriteString("kind", "List");
        writer.WriteStartArray("items");
        for (var i = 0; i < services; i++)
        {
            WriteService(writer, i);
            WriteSlice(writer, i, endpointsPerService);
            if (writer.BytesPending > 1 << 20) writer.Flush();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static byte[] Service(int service) => Write(w => WriteService(w, service));

    /// <param name="count">How many of the Service's endpoints the slice names.</param>
    public byte[] Slice(int service, int count) => Write(w => WriteSlice(w, service, count));

    private static byte[] Write(Action<Utf8JsonWriter> body)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream)) body(writer);
        return stream.ToArray();
    }

    private static void WriteService(Utf8JsonWriter w, int service)
    {
        w.WriteStartObject();
        w.WriteString("apiVersion", "v1");
        w.WriteString("kind", "Service");
        WriteMetadata(w, ServiceName(service), service, []);
        w.WriteStartObject("spec");
        w.WriteString("type", "ClusterIP");
        w.WriteString("clusterIP", ClusterIp(service));
        w.WriteStartArray("clusterIPs");
        w.WriteStringValue(ClusterIp(service));
        w.WriteEndArray();
        w.WriteStartArray("ipFamilies");
        w.WriteStringValue("IPv4");
        w.WriteEndArray();
        w.WriteString("ipFamilyPolicy", "SingleStack");
        w.WriteString("internalTrafficPolicy", "Cluster");
        w.WriteString("sessionAffinity", "None");
        w.WriteStartObject("selector");
        w.WriteString("app", ServiceName(service));
        w.WriteEndObject();
        w.WriteStartArray("ports");
        w.WriteStartObject();
        w.WriteString("name", "http");
        w.WriteString("protocol", "TCP");
        w.WriteNumber("port", ServicePort);
        w.WriteNumber("targetPort", EndpointPort);
        w.WriteEndObject();
        w.WriteEndArray();
        w.WriteEndObject();
        w.WriteStartObject("status");
        w.WriteStartObject("loadBalancer");
        w.WriteEndObject();
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private void WriteSlice(Utf8JsonWriter w, int service, int count)
    {
        w.WriteStartObject();
        w.WriteString("apiVersion", "discovery.k8s.io/v1");
        w.WriteString("kind", "EndpointSlice");
        WriteMetadata(w, SliceName(service), service, [("kubernetes.io/service-name", ServiceName(service)),
            ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io")]);
        w.WriteString("addressType", "IPv4");
        w.WriteStartArray("ports");
        w.WriteStartObject();
        w.WriteString("name", "http");
        w.WriteString("protocol", "TCP");
        w.WriteNumber("port", EndpointPort);
        w.WriteEndObject();
        w.WriteEndArray();
        w.WriteStartArray("endpoints");
        for (var i = 0; i < count; i++) WriteEndpoint(w, service, i);
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private void WriteEndpoint(Utf8JsonWriter w, int service, int endpoint)
    {
        w.WriteStartObject();
        w.WriteStartArray("addresses");
        w.WriteStringValue(EndpointIp(service, endpoint));
        w.WriteEndArray();
        w.WriteStartObject("conditions");
        w.WriteBoolean("ready", true);
        w.WriteBoolean("serving", true);
        w.WriteBoolean("terminating", false);
        w.WriteEndObject();
        w.WriteString("nodeName", $"node-{(service * endpointsPerService + endpoint) % nodes:d3}");
        w.WriteString("zone", $"zone-{endpoint % 3}");
        w.WriteStartObject("targetRef");
        w.WriteString("kind", "Pod");
        w.WriteString("namespace", Namespace);
        w.WriteString("name", $"{ServiceName(service)}-6b7f9d8c5d-{endpoint:d5}");
        w.WriteString("uid", $"4ff9c6e8-7954-47b3-{endpoint:x4}-{service:x12}");
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter w, string name, int service, (string Key, string Value)[] labels)
    {
        w.WriteStartObject("metadata");
        w.WriteString("name", name);
        w.WriteString("namespace", Namespace);
        w.WriteString("uid", $"7cf49a54-c2bf-4cab-97b4-{service:x12}");
        w.WriteString("creationTimestamp", "2026-01-01T00:00:00Z");
        w.WriteStartObject("labels");
        w.WriteString("app", ServiceName(service));
        foreach (var (key, value) in labels) w.WriteString(key, value);
        w.WriteEndObject();
        w.WriteEndObject();
    }
}
