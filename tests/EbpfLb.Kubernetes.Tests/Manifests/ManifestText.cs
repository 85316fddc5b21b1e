using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>Small manifests; a test adds what it is about.</summary>
internal static class ManifestText
{
    public static string Service(string name, string clusterIP = "10.96.0.80", int port = 80, string more = "") =>
        $"""
        apiVersion: v1
        kind: Service
        metadata:
          name: {name}
        spec:
          clusterIP: {clusterIP}
          ports:
          - name: http
            port: {port}
        {more}
        """;

    public static string Slice(string name, string service, params string[] addresses) =>
        $"""
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: {name}
          labels:
            kubernetes.io/service-name: {service}
        addressType: IPv4
        ports:
        - name: http
          port: 8080
        endpoints:
        {string.Join("\n", addresses.Select(a => $"- addresses: [\"{a}\"]"))}
        """;

    public static ObjectName Default(string name) => new("default", name);

    public static bool Has(this ClusterSnapshot snapshot, string service)
        => snapshot.Services.TryGetValue(Default(service), out var entry) && entry.Service is not null;

    public static string ClusterIP(this ClusterSnapshot snapshot, string service)
        => snapshot.Services.GetValueOrDefault(Default(service))?.Service is { ClusterIPs.Count: > 0 } s ? s.ClusterIPs[0].ToString() : "";
}
