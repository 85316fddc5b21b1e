using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>Lists as a control plane dumps them, recorded and large.</summary>
public sealed class RecordedListsTests : IDisposable
{
    private readonly ManifestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private void Copy(string from, params string[] names)
    {
        foreach (var name in names) File.Copy(Path.Combine(AppContext.BaseDirectory, from, name), folder.PathOf(name));
    }

    [Fact]
    public async Task What_a_real_control_plane_made_of_a_corpus_loads_without_a_problem()
    {
        Copy("Recordings/seed-corpus", "services.json", "endpointslices.json", "nodes.json");
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Source.Problems);
        Assert.Equal(51, loaded.ServiceNames.Count());
        Assert.Equal(49, loaded.Snapshot.Services.Values.Sum(s => s.Slices.Length));
        Assert.Equal(210, loaded.Snapshot.Services.Values.Sum(s => s.Slices.Sum(x => x.Endpoints.Count)));

        var dual = loaded.Entry("production", "backend-api");
        Assert.Equal("[10.110.183.226, fd00:10:96::149f]", dual.Service!.ClusterIPs.ToString());
        Assert.Equal([IpFamily.IPv4, IpFamily.IPv6], dual.Slices.Select(s => s.Family));
        Assert.Equal(3600u, loaded.Service("stateful-app", "production").AffinitySeconds);
        Assert.Equal(86400u, loaded.Service("game-server", "production").AffinitySeconds);
        Assert.Equal([new ServicePort("game", TransportProtocol.Udp, 7777, loaded.Service("game-server", "production").Ports[0].NodePort)],
            loaded.Service("game-server", "production").Ports);
        Assert.Equal(ServiceType.ExternalName, loaded.Service("external-db").Type);
        Assert.True(loaded.Service("mysql", "database").ClusterIPs.IsEmpty);
    }

    [Fact]
    public async Task Every_recorded_service_keeps_what_it_says_about_clients_outside()
    {
        Copy("Recordings/seed-corpus", "services.json", "endpointslices.json", "nodes.json");
        var loaded = await folder.LoadAsync();
        var items = JsonNode.Parse(
            await File.ReadAllTextAsync(folder.PathOf("services.json"), TestContext.Current.CancellationToken))!["items"]!.AsArray();
        var external = 0;
        foreach (var item in items)
        {
            var spec = item!["spec"]!;
            var service = loaded.Service((string)item["metadata"]!["name"]!, (string)item["metadata"]!["namespace"]!);
            Assert.Equal((string?)spec["internalTrafficPolicy"] ?? "Cluster", service.InternalTraffic.ToString());
            Assert.Equal((string?)spec["externalTrafficPolicy"] ?? "Cluster", service.ExternalTraffic.ToString());
            Assert.Equal((int?)spec["healthCheckNodePort"] ?? 0, service.HealthCheckNodePort);
            Assert.Equal(Texts(spec["externalIPs"]), service.ExternalIPs.Select(a => a.ToString()));
            Assert.Equal(Texts(spec["loadBalancerSourceRanges"]), service.SourceRanges.Select(r => r.ToString()));
            Assert.Equal(
                (spec["ports"]?.AsArray() ?? []).Select(p => (int?)p!["nodePort"] ?? 0), service.Ports.Select(p => (int)p.NodePort));
            external += service.Ports.Count(p => p.NodePort != 0) + service.ExternalIPs.Count + service.HealthCheckNodePort;
        }
        Assert.True(external > 0, "the recording has no Service for clients outside");
    }

    [Fact]
    public async Task The_demos_manifests_load_without_a_problem()
    {
        Copy("DemoManifests", "nodes.yaml", "web.yaml", "echo.yaml", "sticky.yaml", "empty.yaml", "nodeport.yaml", "loadbalancer.yaml",
            "local.yaml");
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Source.Problems);
        Assert.Equal(
            ["default/echo", "default/empty", "default/local", "default/public", "default/shop", "default/sticky", "default/web"],
            loaded.ServiceNames);
        Assert.Equal(TrafficPolicy.Local, loaded.Service("local").ExternalTraffic);
        Assert.Equal("[10.96.0.80, fd00:10:96::80]", loaded.Service("web").ClusterIPs.ToString());
        Assert.Equal([3, 3], loaded.Entry("default", "web").Slices.Select(s => s.Endpoints.Count));
        Assert.Equal([new ServicePort("echo", TransportProtocol.Udp, 7, 0)], loaded.Service("echo").Ports);
        Assert.Equal(600u, loaded.Service("sticky").AffinitySeconds);
        Assert.Empty(loaded.Entry("default", "empty").Slices);
    }

    [Theory]
    [InlineData("state.json")]
    [InlineData("state.yaml")]
    public async Task A_large_list_read_by_several_threads_is_whole_and_in_order(string file)
    {
        const int Count = 6_000;
        folder.With(file, List(Count, file.EndsWith(".json", StringComparison.Ordinal)));
        var loaded = await folder.LoadAsync();
        Assert.Equal(Count, loaded.ServiceNames.Count());
        Assert.Equal(Count, loaded.Snapshot.Services.Values.Sum(s => s.Slices.Length));

        // The one bad object in the middle and the repeated one at the end have their lines.
        Assert.Equal(2, loaded.Errors.Count);
        Assert.StartsWith($"{file}:{3 + Count}:", loaded.Errors[0]);
        Assert.Contains("Service default/bad: spec.ports: a Service needs at least one port", loaded.Errors[0]);
        Assert.StartsWith($"{file}:{4 + Count + Count}:3: Service default/s0: is there already earlier in this file", loaded.Errors[1]);
    }

    private static IEnumerable<string> Texts(JsonNode? list) => (list?.AsArray() ?? []).Select(t => (string)t!);

    /// <summary>One item a line, so that the lines can be told.</summary>
    private static string List(int count, bool json)
    {
        var items = new List<string>();
        for (var i = 0; i < count; i++) items.Add(Service(i));
        items.Add("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"bad"},"spec":{"clusterIP":"10.255.0.1"}}""");
        for (var i = 0; i < count; i++) items.Add(Slice(i));
        items.Add(Service(0));
        var text = new StringBuilder(json ? "{\"apiVersion\":\"v1\",\n\"items\":[\n" : "apiVersion: v1\nitems:\n");
        for (var i = 0; i < items.Count; i++)
            text.Append(json ? "  " : "- ").Append(items[i]).Append(json && i < items.Count - 1 ? ",\n" : "\n");
        return text.Append(json ? "],\"kind\":\"List\"}" : "kind: List\n").ToString();
    }

    private static string Service(int i) => string.Create(
        CultureInfo.InvariantCulture,
        $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"s{{{i}}}"},"spec":{"clusterIP":"10.{{{96 + i / 60000}}}.{{{i / 250 % 240}}}.{{{i % 250 + 1}}}","ports":[{"port":80}]}}""");

    private static string Slice(int i) => string.Create(
        CultureInfo.InvariantCulture,
        $$$$"""{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"s{{{{i}}}}-1","labels":{"kubernetes.io/service-name":"s{{{{i}}}}"}},"addressType":"IPv4","ports":[{"port":8080}],"endpoints":[{"addresses":["10.244.0.1"]}]}""");
}
