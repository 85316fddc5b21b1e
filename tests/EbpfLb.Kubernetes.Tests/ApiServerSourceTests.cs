using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Processes;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests;

public sealed class ApiServerSourceTests : SourceTest
{
    public override async ValueTask InitializeAsync()
    {
        Server = await FakeApiServer.StartAsync();
        Start(Server.Url);
    }

    private static ServiceEntry? Web(ClusterSnapshot snapshot) => snapshot.Services.GetValueOrDefault(Name("web"));

    private void Fill()
    {
        Server.Apply(ServiceJson("web"));
        Server.Apply(SliceJson("web-1", "web"));
        Server.Apply(NodeJson("node-1"));
        Server.Apply(NodeJson("node-2"));
    }

    [Fact]
    public async Task The_first_snapshot_is_complete()
    {
        Fill();

        var snapshot = await Until(_ => true);

        Assert.Equal([IpAddress.Parse("10.96.0.1")], Web(snapshot)!.Service!.ClusterIPs);
        Assert.Equal(IpAddress.Parse("10.1.0.1"), Assert.Single(Assert.Single(Web(snapshot)!.Slices).Endpoints).Address);
        Assert.Equal("node-1", snapshot.Node?.Name);
        Assert.True(Source.Status.IsSynced);
        Assert.Null(Source.Status.Error);
    }

    [Fact]
    public async Task An_empty_cluster_gives_an_empty_snapshot()
    {
        var snapshot = await Until(_ => true);

        Assert.Empty(snapshot.Services);
        Assert.Null(snapshot.Node);
    }

    /// <summary>docs/contract.md 19, item 18.</summary>
    [Contract("19.18", "nothing is programmed before Services and slices are both known")]
    [Contract("13", "first programming: after both lists; ServiceCIDRs are not waited for; what an earlier agent left serves meanwhile")]
    [Fact]
    public async Task There_is_no_snapshot_before_all_lists_are_complete()
    {
        Fill();
        Server.Faults.Forbid("list", "nodes");

        var next = Snapshots.MoveNextAsync().AsTask();
        Eventually.Get(
            () => Source.Status, s => s.Error is not null && Server.OpenWatches == 2, "two watches and the third reflector's failure");

        Assert.False(next.IsCompleted);
        Assert.False(Source.Status.IsSynced);
        Assert.Contains("cannot list nodes", Source.Status.Error);
        Assert.Contains("add to the agent's ClusterRole", Source.Status.Error);
        Assert.Contains("(since 2", Source.Status.Error);
        Server.Faults.Allow("list", "nodes");
        Assert.True(await next);
        Assert.Equal("node-1", Snapshots.Current.Node?.Name);
        Eventually.True(() => Source.Status.Error is null, "no more error");
    }

    [Contract(
        "1",
        "Service: selected without headless ones (label, and field since 1.31); those of other proxies are read for their addresses "
        + "only")]
    [Contract("1", "EndpointSlice: selected without both labels, and left out by both")]
    [Contract("1", "Node: the own one, and never another")]
    [Fact]
    public async Task What_is_selected_is_what_the_contract_says()
    {
        await Until(_ => true);

        var lists = Server.Requests.Where(r => r.Verb == "list").ToDictionary(r => r.Path, r => r.Query);
        Assert.Equal(
            ("!service.kubernetes.io/headless", "spec.clusterIP!=None"),
            (lists["/api/v1/services"]["labelSelector"], lists["/api/v1/services"]["fieldSelector"]));
        Assert.Equal(
            "!service.kubernetes.io/service-proxy-name,!service.kubernetes.io/headless",
            lists["/apis/discovery.k8s.io/v1/endpointslices"]["labelSelector"]);
        Assert.Equal("metadata.name=node-1", lists["/api/v1/nodes"]["fieldSelector"]);
        Assert.All(lists.Values, q => Assert.Equal("500", q["limit"]));
    }

    [Contract("18", "field selector of clusterIP: 400: asked without")]
    [Fact]
    public async Task An_old_server_is_asked_without_the_field_selector()
    {
        await using var old = await FakeApiServer.StartAsync(new FakeApiServerOptions { KnowsClusterIPField = false });
        old.Apply(ServiceJson("web"));
        Start(old.Url);

        Assert.NotNull(Web(await Until(_ => true))?.Service);
    }

    [Contract("1", "Service, label that comes and goes: as deleted and added")]
    [Fact]
    public async Task Changes_deletions_and_labels_are_followed()
    {
        Fill();
        await Until(_ => true);

        Server.Apply(SliceJson("web-1", "web", ip: "10.1.0.9"));
        await Until(s => Web(s)?.Slices[0].Endpoints[0].Address == IpAddress.Parse("10.1.0.9"));
        Server.Apply(ServiceJson("web", labels: "\"service.kubernetes.io/service-proxy-name\":\"other\""));
        await Until(s => Web(s)?.Service?.Labels == ServiceLabels.ProxyName);
        Server.Apply(ServiceJson("web", labels: "\"service.kubernetes.io/headless\":\"\""));
        await Until(s => Web(s) is { Service: null });
        Server.Apply(ServiceJson("web"));
        await Until(s => Web(s)?.Service?.Labels == ServiceLabels.None);
        Server.Delete(FakeResource.Services, "web", "shop");
        await Until(s => Web(s) is { Service: null });
        Server.Delete(FakeResource.EndpointSlices, "web-1", "shop");
        await Until(s => Web(s) is null);
        Server.Delete(FakeResource.Nodes, "node-1");
        await Until(s => s.Node is null);
    }

    [Fact]
    public async Task A_slice_that_is_handed_to_another_service_moves()
    {
        Fill();
        Server.Apply(ServiceJson("api", ip: "10.96.0.2"));
        await Until(s => s.Services.Count == 2);

        Server.Apply(SliceJson("web-1", "api"));

        var snapshot = await Until(s => Web(s)!.Slices.IsEmpty);
        Assert.Single(snapshot.Services[Name("api")].Slices);
    }

    [Fact]
    public async Task A_server_that_comes_back_with_other_content_is_followed_and_missed_deletions_are_applied()
    {
        Fill();
        Server.Apply(ServiceJson("kept", ip: "10.96.0.3"));
        var before = await Until(s => s.Services.Count == 2);
        await Server.StopAsync();
        // The first thing noticed may be a connection that broke while the server went.
        Eventually.Get(() => Source.Status.Error, e => e?.Contains("connection refused") == true, "the absence to be noticed");
        Assert.True(Source.Status.IsSynced);

        Server.Reset();
        Server.Apply(ServiceJson("kept", ip: "10.96.0.3"));
        Server.Apply(ServiceJson("new", ip: "10.96.0.4"));
        Server.Apply(NodeJson("node-1"));
        Server.Compact();
        await Server.StartAgainAsync();

        var after = await Until(s => s.Services.ContainsKey(Name("new")) && !s.Services.ContainsKey(Name("web")));
        Assert.Same(before.Services[Name("kept")].Service, after.Services[Name("kept")].Service);
        Assert.Same(before.Node, after.Node);
        Eventually.True(() => Source.Status.Error is null, "no more error");
    }

    [Fact]
    public async Task What_happened_during_a_short_absence_is_seen_without_a_new_list()
    {
        Fill();
        await Until(_ => true);
        Eventually.True(() => Server.OpenWatches == 3, "three watches");
        await Server.StopAsync();
        Server.Delete(FakeResource.Services, "web", "shop");
        await Server.StartAgainAsync();

        await Until(s => Web(s) is { Service: null });

        Assert.Equal(1, Server.Requests.Count(r => r is { Verb: "list", Path: "/api/v1/services" }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cut_watches_are_resumed_and_nothing_is_missed(bool midLine)
    {
        Fill();
        await Until(_ => true);
        Eventually.True(() => Server.OpenWatches == 3, "three watches");

        if (midLine) Server.CutWatchesMidLine();
        else Server.CutWatches();
        Server.Apply(ServiceJson("late", ip: "10.96.0.8"));

        await Until(s => s.Services.ContainsKey(Name("late")));
        Assert.Equal(3, Server.Requests.Count(r => r.Verb == "list"));
    }

    [Contract("13", "API server away: the state stays, and is healthy; relists find what was missed")]
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_expired_watch_lists_again_and_unchanged_objects_keep_their_reference(bool asStatus)
    {
        Fill();
        var before = await Until(_ => true);
        Eventually.True(() => Server.OpenWatches == 3, "three watches");
        Server.Faults.ExpiredAsStatus = asStatus;

        Server.ExpireWatches();
        Server.Apply(ServiceJson("late", ip: "10.96.0.8"));

        var after = await Until(s => s.Services.ContainsKey(Name("late")));
        Assert.Same(Web(before), Web(after));
        Assert.Same(before.Node, after.Node);
        Eventually.True(() => Server.Requests.Count(r => r.Verb == "list") == 6, "all three lists again");
    }

    [Fact]
    public async Task A_slow_reader_misses_states_but_not_the_latest()
    {
        Fill();
        await Until(_ => true);

        for (var i = 2; i <= 200; i++) Server.Apply(SliceJson("web-1", "web", ip: $"10.1.0.{i}"));

        await Until(s => Web(s)!.Slices[0].Endpoints[0].Address == IpAddress.Parse("10.1.0.200"));
    }

    [Fact]
    public async Task The_next_server_takes_over()
    {
        await using var second = await FakeApiServer.StartAsync();
        // Two real servers share one etcd. These do not: the second takes the first's versions for forgotten.
        second.Reset();
        second.Apply(ServiceJson("web"));
        second.Apply(ServiceJson("second", ip: "10.96.0.2"));
        Fill();
        Start(Server.Url, second.Url);
        await Until(s => s.Services.Count == 1);

        await Server.StopAsync();

        await Until(s => s.Services.ContainsKey(Name("second")));
        Assert.Equal(second.Url.AbsoluteUri.TrimEnd('/'), Source.Status.Description);
    }

    [Fact]
    public async Task The_last_contact_is_told()
    {
        var before = DateTimeOffset.UtcNow;
        Assert.Null(Source.Status.LastContact);

        await Until(_ => true);

        Eventually.True(() => Source.Status.LastContact >= before, "a contact of all reflectors");
    }
}
