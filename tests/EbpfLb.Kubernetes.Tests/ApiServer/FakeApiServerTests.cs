using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using EbpfLb.Kubernetes.Tests.Recordings;
using EbpfLb.Testing;
using EbpfLb.Testing.ApiServer;

namespace EbpfLb.Kubernetes.Tests.ApiServer;

/// <summary>The fake server answers as the recordings of a real one do.</summary>
public sealed class FakeApiServerTests : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private FakeApiServer server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await FakeApiServer.StartAsync(new FakeApiServerOptions { KnowsClusterIPField = false });
        http.BaseAddress = server.Url;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_first_page_looks_like_the_recorded_one()
    {
        var recorded = Recording.Load("list-services-page1");
        LoadItems("list-services-page1", "Service", "v1");
        LoadItems("list-services-page2", "Service", "v1");

        var (answer, body) = await Get("/api/v1/services?limit=3");

        AssertHeaders(recorded, answer);
        Assert.Equal(Shape(recorded.Text), Shape(body));
        Assert.Equal(3, JsonNode.Parse(body)!["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_continue_token_leads_through_all_pages_of_one_version()
    {
        LoadItems("list-services-page1", "Service", "v1");
        LoadItems("list-services-page2", "Service", "v1");
        var first = JsonNode.Parse((await Get("/api/v1/services?limit=4")).Body)!;
        server.Delete(FakeResource.Services, (string)first["items"]![0]!["metadata"]!["name"]!,
            (string)first["items"]![0]!["metadata"]!["namespace"]!);
        var second = JsonNode.Parse((await Get($"/api/v1/services?limit=4&continue={first["metadata"]!["continue"]}")).Body)!;

        Assert.Equal((string)first["metadata"]!["resourceVersion"]!, (string)second["metadata"]!["resourceVersion"]!);
        Assert.Equal(2, second["items"]!.AsArray().Count);
        Assert.Null(second["metadata"]!["continue"]);
    }

    [Fact]
    public async Task A_page_with_a_selector_has_no_count_of_the_rest()
    {
        var recorded = Recording.Load("list-services-selector");
        LoadItems("list-services-page1", "Service", "v1");
        LoadItems("list-services-page2", "Service", "v1");

        var (_, body) = await Get(
            "/api/v1/services?labelSelector=%21service.kubernetes.io%2Fheadless%2C%21service.kubernetes.io%2Fservice-proxy-name&limit=2");

        Assert.Equal(MetadataOf(recorded.Text), MetadataOf(body));
    }

    [Fact]
    public async Task A_list_from_the_cache_is_not_paged()
    {
        var recorded = Recording.Load("list-endpointslices-rv0");
        LoadItems("list-endpointslices-rv0", "EndpointSlice", "discovery.k8s.io/v1");

        var (_, body) = await Get("/apis/discovery.k8s.io/v1/endpointslices?resourceVersion=0&limit=5");

        Assert.Equal(Shape(recorded.Text), Shape(body));
        Assert.Equal(JsonNode.Parse(recorded.Text)!["items"]!.AsArray().Count, JsonNode.Parse(body)!["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task Nodes_and_the_version_look_like_the_recorded_ones()
    {
        LoadItems("list-nodes-fieldselector", "Node", "v1");

        Assert.Equal(Shape(Recording.Load("list-nodes-fieldselector").Text),
            Shape((await Get("/api/v1/nodes?fieldSelector=metadata.name%3Dnode-1")).Body));
        Assert.Equal(Shape(Recording.Load("get-node").Text), Shape((await Get("/api/v1/nodes/node-1")).Body));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Recording.Load("version").Text), JsonNode.Parse((await Get("/version")).Body)));
        Assert.Equal("ok", (await Get("/readyz")).Body);
    }

    [Fact]
    public async Task Unauthorized_and_forbidden_are_the_recorded_answers()
    {
        server.Faults.AcceptTokens("right");
        await AssertSame("unauthorized", "/api/v1/services");

        server.Faults.AcceptTokens("ebpflb");
        server.Faults.Forbid("list", "services");
        http.DefaultRequestHeaders.Authorization = new("Bearer", "ebpflb");
        var (answer, body) = await Get("/api/v1/services");

        AssertHeaders(Recording.Load("forbidden"), answer, "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid");
        // The fake takes the token for the user's name.
        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse(Recording.Load("forbidden").Text), JsonNode.Parse(body.Replace("token:", ""))), body);
    }

    [Fact]
    public async Task An_unknown_path_is_the_recorded_answer()
        => await AssertSame("notfound-resource", "/apis/discovery.k8s.io/v2/endpointslices");

    [Fact]
    public async Task A_bad_and_an_expired_token_look_like_the_recorded_ones()
    {
        LoadItems("list-services-page1", "Service", "v1");
        Assert.Equal(Shape(Recording.Load("bad-continue").Text), Shape((await Get("/api/v1/services?limit=3&continue=garbage")).Body));

        var token = JsonNode.Parse((await Get("/api/v1/services?limit=1")).Body)!["metadata"]!["continue"];
        server.Apply(Api.ApiFixture.ServiceJson("later"));
        server.Compact();
        var (answer, body) = await Get($"/api/v1/services?limit=1&continue={token}");

        Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
        Assert.Equal(Shape(Recording.Load("list-continue-expired").Text), Shape(body));
    }

    [Theory]
    [InlineData("watch-services", "/api/v1/services")]
    [InlineData("watch-endpointslices", "/apis/discovery.k8s.io/v1/endpointslices")]
    public async Task A_replayed_history_gives_the_recorded_watch(string recording, string path)
    {
        var recorded = Recording.Load(recording);
        var version = server.ResourceVersion;
        var expected = new List<string>();
        foreach (var line in recorded.Lines.Where(l => !l.Contains("BOOKMARK")))
        {
            var change = JsonNode.Parse(line)!;
            var known = expected.Exists(e => e.EndsWith(NameOf(change), StringComparison.Ordinal));
            // The recording begins in the middle: what it modifies first is new to this server.
            expected.Add($"{((string)change["type"]! == "MODIFIED" && !known ? "ADDED" : (string)change["type"]!)} {NameOf(change)}");
            if ((string)change["type"]! == "DELETED") server.Delete(FakeStoreResource(change),
                (string)change["object"]!["metadata"]!["name"]!, (string?)change["object"]!["metadata"]!["namespace"]);
            else server.Apply(change["object"]!.AsObject());
        }

        var lines = await WatchLines($"{path}?watch=true&allowWatchBookmarks=true&resourceVersion={version}", expected.Count + 1);

        Assert.Equal(expected, lines.SkipLast(1).Select(l => $"{(string)JsonNode.Parse(l)!["type"]!} {NameOf(JsonNode.Parse(l)!)}"));
        Assert.Equal(Shape(recorded.Lines.First()), Shape(lines[0]));
        Assert.Equal(Shape(recorded.Lines.Last()), Shape(lines[^1]));
    }

    [Fact]
    public async Task A_watch_from_a_forgotten_version_is_the_recorded_event()
    {
        server.Apply(Api.ApiFixture.ServiceJson("web"));
        server.Compact();

        var (answer, body) = await Get("/api/v1/services?watch=true&resourceVersion=2");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Recording.Load("watch-expired").Text.Trim().Replace("(600)", $"({server.ResourceVersion})"), body.Trim());
    }

    [Contract("18", "field selector of clusterIP: 400: asked without")]
    [Fact]
    public async Task An_old_server_refuses_the_field_selector_on_clusterIP()
    {
        var (answer, body) = await Get("/api/v1/services?fieldSelector=spec.clusterIP%21%3DNone");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.EndsWith("field label not supported: spec.clusterIP", (string)JsonNode.Parse(body)!["message"]!);
    }

    [Fact]
    public async Task A_large_cluster_is_served_in_pages()
    {
        server.Load(new FakeCluster(services: 1000, endpointsPerService: 10));

        var page = JsonNode.Parse((await Get("/apis/discovery.k8s.io/v1/endpointslices?limit=500")).Body)!;

        Assert.Equal(500, page["items"]!.AsArray().Count);
        Assert.Equal(500, (int)page["metadata"]!["remainingItemCount"]!);
        Assert.Equal(10, page["items"]![0]!["endpoints"]!.AsArray().Count);
    }

    private void LoadItems(string recording, string kind, string apiVersion)
    {
        foreach (var item in JsonNode.Parse(Recording.Load(recording).Text)!["items"]!.AsArray())
        {
            var json = item!.DeepClone().AsObject();
            json["kind"] = kind;
            json["apiVersion"] = apiVersion;
            server.Apply(json);
        }
    }

    private async Task AssertSame(string recording, string path)
    {
        var recorded = Recording.Load(recording);
        var (answer, body) = await Get(path);
        AssertHeaders(recorded, answer);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(recorded.Text), JsonNode.Parse(body)), body);
    }

    private static void AssertHeaders(Recording recorded, HttpResponseMessage answer, params string[] butNot)
    {
        Assert.Equal(recorded.Code, (int)answer.StatusCode);
        foreach (var (name, value) in recorded.Headers)
        {
            if (name is "date" or "content-length" || butNot.Contains(name)) continue;
            var actual = answer.Headers.Concat(answer.Content.Headers).FirstOrDefault(h
                => string.Equals(h.Key, name, StringComparison.OrdinalIgnoreCase)).Value;
            Assert.Equal(Sorted(value), Sorted(string.Join(", ", actual ?? [])));
        }

        static string Sorted(string value)
            => string.Join(", ", value.Split(',', StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal));
    }

    private async Task<(HttpResponseMessage Answer, string Body)> Get(string path)
    {
        var answer = await http.GetAsync(path, Cancel);
        return (answer, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private async Task<List<string>> WatchLines(string path, int count)
    {
        using var answer = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
        var lines = new List<string>();
        while (lines.Count < count)
        {
            // The bookmark is the last: asked for once all changes are in.
            if (lines.Count == count - 1) server.SendBookmarks();
            lines.Add(await reader.ReadLineAsync(Cancel) ?? throw new EndOfStreamException($"after {lines.Count} lines"));
        }
        return lines;
    }

    private static string NameOf(JsonNode line)
        => $"{line["object"]!["metadata"]!["namespace"]}/{line["object"]!["metadata"]!["name"]}";

    private static FakeResource FakeStoreResource(JsonNode line)
        => FakeResource.All.Single(r => r.Kind == (string)line["object"]!["kind"]!);

    private static string MetadataOf(string list) => Shape(JsonNode.Parse(list)!["metadata"]!.ToJsonString());

    /// <summary>All paths of a JSON text with the kinds of their values, each once.</summary>
    private static string Shape(string json)
    {
        var paths = new SortedSet<string>(StringComparer.Ordinal);
        Collect(JsonDocument.Parse(json).RootElement, "$", paths);
        return string.Join('\n', paths);
    }

    private static void Collect(JsonElement element, string path, SortedSet<string> paths)
    {
        paths.Add($"{path}: "
            + $"{element.ValueKind switch { JsonValueKind.True or JsonValueKind.False => "Boolean", var kind => kind.ToString() }}");
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in element.EnumerateObject()) Collect(property.Value, $"{path}.{property.Name}", paths);
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) Collect(item, $"{path}[]", paths);
        }
    }
}
