using System.Text;

namespace EbpfLb.Testing.ApiServer;

/// <summary>
/// A cluster of any size as JSON with the weight of real objects (labels, owner references, managed fields, target
/// references): one IPv4 ClusterIP and one port a Service, one slice each.
/// </summary>
public sealed class FakeCluster(int services, int endpointsPerService)
{
    private int replaced;

    /// <summary>Namespace and name of a Service.</summary>
    public static (string Namespace, string Name) NameOf(int service) => ($"ns-{service % 100}", $"service-{service}");

    /// <summary>Everything as one v1 List, as `kubectl get services,endpointslices -A -o json` prints it: a manifest file.</summary>
    /// <param name="without">A Service whose slice is left out, as it has a file of its own; -1: none.</param>
    public void WriteList(Stream stream, int without = -1)
    {
        stream.Write("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":["u8);
        var first = true;
        Write(Services(), "{\"apiVersion\":\"v1\",\"kind\":\"Service\","u8);
        Write(Slices().Where((_, i) => i != without), "{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\","u8);
        stream.Write("]}"u8);

        void Write(IEnumerable<(string Key, Func<ulong, byte[]> Body)> objects, ReadOnlySpan<byte> start)
        {
            // Items of a list from a server say no kind; those of a file do.
            foreach (var (_, body) in objects)
            {
                if (!first) stream.Write(","u8);
                first = false;
                stream.Write(start);
                stream.Write(body(1).AsSpan(1));
            }
        }
    }

    /// <summary>The slice of a Service as a manifest file, with its last endpoint replaced by a new one.</summary>
    public byte[] ReplacedSlice(int service)
        => [.. "{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\","u8,
            .. SliceWithOtherEndpoint(service).Body(1).AsSpan(1)];

    internal IEnumerable<(string Key, Func<ulong, byte[]> Body)> Services() => Enumerable.Range(0, services).Select(i =>
    {
        var (ns, name) = NameOf(i);
        var address = 0x0a600001 + (uint)i;
        return ($"{ns}/{name}", (Func<ulong, byte[]>)(version => Utf8(
            $$$"""
            {"metadata":{{{Metadata(ns, name, version, $"\"app\":\"{name}\"")}}},"spec":{"ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":8080}],
            "selector":{"app":"{{{name}}}"},"clusterIP":"{{{Dotted(address)}}}","clusterIPs":["{{{Dotted(address)}}}"],"type":"ClusterIP","sessionAffinity":"None",
            "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"},"status":{"loadBalancer":{} } }
            """)));
    });

    internal IEnumerable<(string Key, Func<ulong, byte[]> Body)> Slices()
        => Enumerable.Range(0, services).Select(i => Slice(i, Enumerable.Range(i * endpointsPerService, endpointsPerService)));

    internal (string Key, Func<ulong, byte[]> Body) SliceWithOtherEndpoint(int service) => Slice(
        service,
        Enumerable.Range(service * endpointsPerService, endpointsPerService - 1).Append((services * endpointsPerService) + replaced++));

    private static (string Key, Func<ulong, byte[]> Body) Slice(int service, IEnumerable<int> addresses)
    {
        var (ns, name) = NameOf(service);
        var endpoints = string.Join(',', addresses.Select(a => $$$"""
            {"addresses":["{{{Dotted(0x0b000001 + (uint)a)}}}"],"conditions":{"ready":true,"serving":true,"terminating":false},"targetRef":{"kind":"Pod",
            "namespace":"{{{ns}}}","name":"{{{name}}}-5d4f8c7b9-{{{a:x5}}}","uid":"00000000-0000-0000-0000-{{{a:x12}}}"},"nodeName":"node-{{{a % 500}}}","zone":"zone-{{{a % 3}}}"}
            """));
        return ($"{ns}/{name}-abcde", version => Utf8(
            $$$"""
            {"metadata":{{{Metadata(ns, $"{name}-abcde", version, $"\"endpointslice.kubernetes.io/managed-by\":\"endpointslice-controller.k8s.io\",\"kubernetes.io/service-name\":\"{name}\"")}}},
            "addressType":"IPv4","endpoints":[{{{endpoints}}}],"ports":[{"name":"http","port":8080,"protocol":"TCP"}]}
            """));
    }

    private static string Metadata(string ns, string name, ulong version, string labels) => $$$"""
        {"name":"{{{name}}}","namespace":"{{{ns}}}","uid":"00000000-0000-0000-0000-{{{version:x12}}}","resourceVersion":"{{{version}}}","generation":1,
        "creationTimestamp":"2025-01-01T00:00:00Z","labels":{{{{labels}}}},"managedFields":[{"manager":"kube-controller-manager","operation":"Update",
        "apiVersion":"v1","time":"2025-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},"k:{\"uid\":\"1\"}":{} } },"f:spec":{"f:ports":{} } } }]}
        """;

    /// <summary>Line breaks are legal in a list, not in a watch line.</summary>
    private static byte[] Utf8(string json) => Encoding.UTF8.GetBytes(json.Replace("\n", "", StringComparison.Ordinal));

    private static string Dotted(uint address) => $"{address >> 24}.{address >> 16 & 0xff}.{address >> 8 & 0xff}.{address & 0xff}";
}
