extern alias full;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Tests.Recordings;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using full::k8s;
using full::k8s.Models;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Oracle;

/// <summary>
/// The models of KubernetesClient, which are generated from Kubernetes' own description of its API, read what our reader reads.
/// </summary>
public sealed class TypedClientTests
{
    private static readonly WireJson Json = WireJson.Create(new StringPool());

    private readonly Agreement agreement = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("list-services-page1")]
    [InlineData("list-services-page2")]
    [InlineData("list-services-selector")]
    public void Recorded_services_read_the_same(string recording)
        => CompareItems<WireService, V1Service>(Recording.Load(recording).Text, Json.WireService);

    [Fact]
    public void Recorded_slices_read_the_same()
        => CompareItems<WireEndpointSlice, V1EndpointSlice>(Recording.Load("list-endpointslices-rv0").Text, Json.WireEndpointSlice);

    [Fact]
    public void Recorded_nodes_read_the_same()
        => CompareItems<WireNode, V1Node>(Recording.Load("list-nodes-fieldselector").Text, Json.WireNode);

    [Theory]
    [InlineData("Recordings/seed-corpus")]
    [InlineData("Corpus")]
    public void The_corpus_reads_the_same(string folder)
    {
        CompareItems<WireService, V1Service>(Read("services.json"), Json.WireService);
        CompareItems<WireEndpointSlice, V1EndpointSlice>(Read("endpointslices.json"), Json.WireEndpointSlice);
        CompareItems<WireNode, V1Node>(Read("nodes.json"), Json.WireNode);

        string Read(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, folder, file));
    }

    [Fact]
    public void Recorded_watches_read_the_same()
    {
        CompareLines<WireService, V1Service>("watch-services", Json.WireService);
        CompareLines<WireEndpointSlice, V1EndpointSlice>("watch-endpointslices", Json.WireEndpointSlice);
    }

    [Fact]
    public async Task What_the_fake_server_answers_is_what_a_general_client_understands_and_ours_reads_the_same()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Load(new FakeCluster(services: 700, endpointsPerService: 3));
        using var client = new full::k8s.Kubernetes(new KubernetesClientConfiguration { Host = server.Url.AbsoluteUri });
        using var ours = Client(server.Url);

        var services = await ours.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);
        var theirServices = await client.CoreV1.ListServiceForAllNamespacesAsync(cancellationToken: Cancel);
        Assert.Equal(theirServices.Metadata.ResourceVersion, services.ResourceVersion);
        Assert.Equal(
            theirServices.Items.Select(s => (s.Metadata.NamespaceProperty, s.Metadata.Name, string.Join(' ', s.Spec.ClusterIPs),
                string.Join(' ', s.Spec.Ports.Select(p => p.Port)))),
            services.Items.Select(s
                => (s.Name.Namespace, s.Name.Name, string.Join(' ', s.ClusterIPs), string.Join(' ', s.Ports.Select(p => p.Port)))));

        var slices = await ours.ListAsync(ApiResources.EndpointSlices, ApiSelector.All, Cancel);
        var theirSlices = await client.DiscoveryV1.ListEndpointSliceForAllNamespacesAsync(cancellationToken: Cancel);
        Assert.Equal(2100, slices.Items.Sum(s => s.Endpoints.Count));
        Assert.Equal(
            theirSlices.Items.Select(s => (s.Metadata.Name, string.Join(' ', s.Endpoints.SelectMany(e => e.Addresses)), s.Ports[0].Port)),
            slices.Items.Select(s => (s.Name.Name, string.Join(' ', s.Endpoints.Select(e => e.Address)), (int?)s.Ports[0].Port)));
    }

    [Fact]
    public async Task An_event_that_we_write_is_one_to_a_general_client()
    {
        await using var server = await FakeApiServer.StartAsync();
        using var ours = Client(server.Url);
        var time = new DateTimeOffset(2025, 3, 4, 12, 0, 0, 123, TimeSpan.Zero);
        await ours.CreateEventAsync(
            new EventPost(new(Model.EventSubject.Service, Name("web"), true, "Reason", "Listen", "käse €"), "node-1", time, 3,
                time.AddMilliseconds(4)), Cancel);

        var read = KubernetesJson.Deserialize<Eventsv1Event>(Assert.Single(server.Events).ToJsonString());
        Assert.Equal(("web", "shop", "Service", "shop/web"),
            (read.Regarding.Name, read.Regarding.NamespaceProperty, read.Regarding.Kind, read.Regarding.Uid));
        Assert.Equal(
            (time.UtcDateTime, 3, time.UtcDateTime.AddMilliseconds(4)), (read.EventTime, read.Series.Count, read.Series.LastObservedTime));
        Assert.Equal(("Reason", "Listen", "käse €", "Warning"), (read.Reason, read.Action, read.Note, read.Type));
    }

    /// <summary>The oracle itself: a value that was read wrong is found.</summary>
    [Fact]
    public void A_value_that_differs_is_found()
    {
        Compare(ServiceJson("a", port: 80), KubernetesJson.Deserialize<V1Service>(ServiceJson("a", port: 81)), Json.WireService);
        Assert.Equal([".spec.ports[0].port: 80, not 81"], agreement.Differences);
        Assert.True(agreement.Agreed > 4);
    }

    private void CompareItems<TWire, TTyped>(string list, JsonTypeInfo<TWire> type)
        where TTyped : IKubernetesObject
    {
        var items = JsonNode.Parse(list)!["items"]!.AsArray();
        var before = agreement.Agreed;
        foreach (var item in items) Compare(item!.ToJsonString(), KubernetesJson.Deserialize<TTyped>(item.ToJsonString()), type);
        Assert.Empty(agreement.Differences);
        Assert.True(agreement.Agreed - before >= 4 * items.Count && items.Count > 0, $"{agreement.Agreed} values of {items.Count} objects");
    }

    private void CompareLines<TWire, TTyped>(string recording, JsonTypeInfo<TWire> type)
        where TTyped : IKubernetesObject
    {
        var lines = Recording.Load(recording).Lines.Select(l => JsonNode.Parse(l)!).Where(l => (string?)l["type"] != "ERROR").ToList();
        foreach (var line in lines)
            Compare(line["object"]!.ToJsonString(), KubernetesJson.Deserialize<TTyped>(line["object"]!.ToJsonString()), type);
        Assert.Empty(agreement.Differences);
        Assert.NotEmpty(lines);
    }

    private void Compare<TWire>(string json, object typed, JsonTypeInfo<TWire> type)
        => agreement.Compare("", JsonSerializer.SerializeToNode(JsonSerializer.Deserialize(json, type)!, type),
            JsonNode.Parse(KubernetesJson.Serialize(typed)));
}
