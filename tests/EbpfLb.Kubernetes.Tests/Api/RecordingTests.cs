using System.Text.Json.Nodes;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Tests.Recordings;
using EbpfLb.Model;
using EbpfLb.Testing;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Api;

/// <summary>The client against answers of a real server, byte for byte.</summary>
public sealed class RecordingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Contract("18", "EndpointSlice v1, nodeName: read as it is; general since 1.21")]
    [Fact]
    public async Task A_list_of_slices_reads_whole()
    {
        using var server = new ReplayServer("list-endpointslices-rv0");
        using var api = Client(server.Url);

        var list = await api.ListAsync(ApiResources.EndpointSlices, ApiSelector.All, Cancel);

        Assert.Equal("1670", list.ResourceVersion);
        var slice = list.Items.First(s => s.Name == new ObjectName("default", "mysql-cluster-wbbpc"));
        Assert.Equal(("mysql-cluster", IpFamily.IPv4, ServiceLabels.Headless), (slice.ServiceName, slice.Family, slice.Labels));
        Assert.Equal(
            new Endpoint(IpAddress.Parse("10.244.1.16"), EndpointConditions.Default, "node-1") { Zone = "us-west-2a" }, slice.Endpoints[0]);
        Assert.Equal(ItemsOf("list-endpointslices-rv0"), list.Items.Count);
    }

    [Fact]
    public async Task Pages_are_joined_and_an_expired_token_reads_the_rest_in_one_piece()
    {
        using var server = new ReplayServer(
            "list-services-page1", "list-services-page2", "list-continue-expired", "list-services-selector");
        using var api = Client(server.Url);

        var list = await api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);

        Assert.Equal(2, list.Items.Count);
        Assert.Equal(4, server.Requests.Count);
        Assert.Equal("/api/v1/services?limit=500", server.Requests[0]);
        Assert.StartsWith("/api/v1/services?limit=500&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTY4MSwi", server.Requests[1]);
        Assert.Equal("/api/v1/services", server.Requests[3]);
    }

    [Fact]
    public async Task A_list_of_one_node_reads_whole()
    {
        using var server = new ReplayServer("list-nodes-fieldselector");
        using var api = Client(server.Url);

        var list = await api.ListAsync(ApiResources.Nodes, new ApiSelector(Fields: "metadata.name=node-1"), Cancel);

        Assert.Equal(
            new Node(
                "node-1",
                [IpAddress.Parse("192.0.2.11"), IpAddress.Parse("2001:db8::11")],
                ["10.244.1.0/24", "fd00:10:244:1::/64"],
                "us-west-2a",
                IsDeleting: false,
                ["node.kubernetes.io/not-ready"]),
            Assert.Single(list.Items));
    }

    [Fact]
    public async Task A_get_reads_the_object()
    {
        using var server = new ReplayServer("get-node");
        using var api = Client(server.Url);

        var node = await api.GetAsync(ApiResources.Nodes, new ObjectName("", "node-1"), Cancel);

        Assert.Equal("us-west-2a", node?.Zone);
        Assert.Equal(["/api/v1/nodes/node-1"], server.Requests);
    }

    [Fact]
    public async Task A_watch_of_services_reads_all_its_lines()
    {
        using var server = new ReplayServer("watch-services");
        using var api = Client(server.Url);

        var events = await ReadAll(await api.WatchAsync(ApiResources.Services, ApiSelector.All, "1693", Cancel));

        Assert.Equal(
            [
                (WatchEventType.Set, "rec/rec", "1701"),
                (WatchEventType.Set, "rec/rec", "1747"),
                (WatchEventType.Deleted, "rec/rec", "1772"),
                (WatchEventType.Bookmark, "", "1772"),
                (WatchEventType.Bookmark, "", "1772"),
                (WatchEventType.Bookmark, "", "1772"),
            ],
            events.Select(e => (e.Type, $"{e.Name}", e.ResourceVersion)));
        Assert.Equal(Service.DefaultAffinitySeconds, events[0].Object?.AffinitySeconds);
        Assert.StartsWith("/api/v1/services?watch=true&allowWatchBookmarks=true&resourceVersion=1693&timeoutSeconds=", server.Requests[0]);
    }

    [Fact]
    public async Task A_watch_of_slices_reads_all_its_lines()
    {
        using var server = new ReplayServer("watch-endpointslices");
        using var api = Client(server.Url);

        var events = await ReadAll(await api.WatchAsync(ApiResources.EndpointSlices, ApiSelector.All, "1693", Cancel));

        Assert.Equal(Recording.Load("watch-endpointslices").Lines.Count(), events.Count);
        Assert.Equal("1775", events[^1].ResourceVersion);
        Assert.Contains(events, e => e.Object?.Endpoints.Count > 0);
        Assert.Equal(WatchEventType.Deleted, events.Last(e => e.Type != WatchEventType.Bookmark).Type);
    }

    [Fact]
    public async Task A_watch_from_a_forgotten_version_is_expired()
    {
        using var server = new ReplayServer("watch-expired");
        using var api = Client(server.Url);
        await using var watch = await api.WatchAsync(ApiResources.Services, ApiSelector.All, "2", Cancel);

        var failure = await FailureOf(async () => await watch.ReadAsync(Cancel));

        Assert.Equal(ApiFailure.Expired, failure.Failure);
    }

    [Fact]
    public async Task Forbidden_names_the_rule_to_add()
    {
        using var server = new ReplayServer("forbidden");
        using var api = Client(server.Url);

        var failure = await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));

        Assert.Equal(ApiFailure.Forbidden, failure.Failure);
        Assert.Equal(
            $"cannot list services at {server.Url.AbsoluteUri.TrimEnd('/')}: not allowed "
                + "(the server says: services is forbidden: User \"ebpflb\" cannot "
            + "list resource \"services\" in API group \"\" at the cluster scope); add to the agent's ClusterRole: "
            + "{apiGroups: [\"\"], resources: [\"services\"], verbs: [\"list\", \"watch\"]}",
            failure.Message);
    }

    [Fact]
    public async Task Unauthorized_is_tried_a_second_time_and_then_explained()
    {
        using var server = new ReplayServer("unauthorized", "unauthorized");
        using var api = Client(server.Url);

        var failure = await FailureOf(() => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel));

        Assert.Equal(ApiFailure.Unauthorized, failure.Failure);
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData("notfound-resource", ApiFailure.NotFound)]
    [InlineData("bad-continue", ApiFailure.BadRequest)]
    [InlineData("version", ApiFailure.Malformed)]
    [InlineData("healthz", ApiFailure.Malformed)]
    public async Task Other_answers_are_told_apart(string recording, ApiFailure expected)
    {
        using var server = new ReplayServer(recording);
        using var api = Client(server.Url);

        var failure = await FailureOf(() => api.ListAsync(ApiResources.EndpointSlices, ApiSelector.All, Cancel));

        Assert.Equal(expected, failure.Failure);
    }

    /// <summary>Slices that name addresses and a Service; those are all that a proxy has a use for.</summary>
    private static int ItemsOf(string recording) => JsonNode.Parse(Recording.Load(recording).Text)!["items"]!.AsArray().Count(
        i => (string?)i!["addressType"] != "FQDN" && i["metadata"]!["labels"]?["kubernetes.io/service-name"] is not null);

    private static async Task<List<WatchEvent<T>>> ReadAll<T>(IApiWatch<T> watch)
        where T : class
    {
        await using (watch)
        {
            var events = new List<WatchEvent<T>>();
            while (await watch.ReadAsync(Cancel) is { } next) events.Add(next);
            return events;
        }
    }
}
