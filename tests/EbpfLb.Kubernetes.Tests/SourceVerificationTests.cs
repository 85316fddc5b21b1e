using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Processes;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests;

/// <summary>What watches have kept, compared with a fresh list.</summary>
public sealed class SourceVerificationTests : SourceTest
{
    public override async ValueTask InitializeAsync()
    {
        Server = await FakeApiServer.StartAsync();
        Server.Apply(ServiceJson("web"));
        Server.Apply(SliceJson("web-1", "web"));
        Server.Apply(NodeJson("node-1"));
        Options = new ApiServerSourceOptions("node-1") { VerifyGrace = TimeSpan.FromSeconds(5) };
        Start(Server.Url);
    }

    [Fact]
    public async Task What_the_watch_kept_is_what_the_server_has()
    {
        await Until(_ => true);

        var result = await Source.VerifyAsync(fromCache: false, repair: true, TestContext.Current.CancellationToken);

        Assert.Empty(result.Differences);
        Assert.Equal([("services", 1L), ("endpointslices", 1L), ("nodes", 1L)], result.Compared.Select(c => (c.What, c.Elements)));
    }

    [Fact]
    public async Task From_the_cache_one_list_each_is_asked_for_that_no_store_is_read_for()
    {
        await Until(_ => true);
        Eventually.True(() => Server.OpenWatches == 3, "the watches");
        var before = Server.Requests.Count;
        var version = Server.ResourceVersion;

        var result = await Source.VerifyAsync(fromCache: true, repair: true, TestContext.Current.CancellationToken);

        Assert.Empty(result.Differences);
        // ServiceCIDRs, which this server does not have, may be asked for at any time.
        var asked = Server.Requests.Skip(before).Where(r => r.Path != FakeResource.ServiceCidrs.Path).ToList();
        Assert.Equal(["/api/v1/services", "/apis/discovery.k8s.io/v1/endpointslices", "/api/v1/nodes"], asked.Select(r => r.Path));
        // With a limit, or without a version, servers before 1.31 read etcd.
        Assert.All(asked, r => Assert.Equal(
            (version, "NotOlderThan", false), (r.Query["resourceVersion"], r.Query["resourceVersionMatch"], r.Query.ContainsKey("limit"))));
    }

    [Fact]
    public async Task What_a_silent_watch_did_not_tell_is_found_and_read_again()
    {
        Server.Faults.SilentWatches = true;
        await Until(_ => true);
        Server.Apply(ServiceJson("late"));
        Server.Apply(SliceJson("web-1", "web", ip: "10.1.0.9"));

        var seen = await Source.VerifyAsync(fromCache: false, repair: false, TestContext.Current.CancellationToken);
        Assert.Equal(
            [("EndpointSlice shop/web-1", "Endpoints"), ("Service shop/late", Difference.Whole)],
            seen.Differences.Select(d => (d.Object, d.Field)).Order());
        Assert.Empty(seen.Repaired);

        Server.Faults.SilentWatches = false;
        var repaired = await Source.VerifyAsync(fromCache: false, repair: true, TestContext.Current.CancellationToken);
        Assert.Equal(2, repaired.Differences.Count);
        Assert.Equal(repaired.Differences.ToHashSet(), repaired.Repaired);
        var snapshot = await Until(_ => true);
        while (!snapshot.Services.ContainsKey(Name("late"))) snapshot = await Until(_ => true);
        Assert.Empty((await Source.VerifyAsync(fromCache: false, repair: true, TestContext.Current.CancellationToken)).Differences);
    }

    /// <summary>As after the server was restored from a backup: it has no such version, and its watches from there are silent.</summary>
    [Fact]
    public async Task A_server_whose_versions_are_behind_what_is_kept_is_listed_again()
    {
        Server.Faults.SilentWatches = true;
        await Until(_ => true);
        Eventually.True(() => Server.OpenWatches == 3, "the watches");
        Server.Apply(ServiceJson("late"));
        Server.Faults.VersionsAreBehind = true;
        var before = Server.Requests.Count;

        var error = await Assert.ThrowsAsync<IOException>(
            () => Source.VerifyAsync(fromCache: true, repair: true, TestContext.Current.CancellationToken));

        Assert.Contains("older state", error.Message, StringComparison.Ordinal);
        var snapshot = await Until(_ => true);
        while (!snapshot.Services.ContainsKey(Name("late"))) snapshot = await Until(_ => true);
        Eventually.True(
            () => Server.Requests.Skip(before).Where(r => r.Verb == "list" && !r.Query.ContainsKey("resourceVersion")).Select(r => r.Path)
                .Intersect(["/api/v1/services", "/apis/discovery.k8s.io/v1/endpointslices", "/api/v1/nodes"]).Count() == 3,
            "lists of all three");
    }

    [Fact]
    public async Task What_changes_while_it_is_compared_is_no_difference()
    {
        await Until(_ => true);
        using var ended = new CancellationTokenSource();
        var changes = Task.Run(
            async () =>
            {
                for (var i = 0; !ended.IsCancellationRequested; i++)
                {
                    Server.Apply(ServiceJson($"svc-{i % 50}", ip: $"10.96.1.{i % 250 + 1}"));
                    await Task.Delay(1, CancellationToken.None);
                }
            },
            TestContext.Current.CancellationToken);

        for (var round = 0; round < 3; round++)
            Assert.Empty((await Source.VerifyAsync(fromCache: false, repair: true, TestContext.Current.CancellationToken)).Differences);

        await ended.CancelAsync();
        await changes;
    }

    [Fact]
    public async Task Before_the_first_lists_and_while_the_server_is_away_it_is_said_why_nothing_can_be_compared()
    {
        Assert.Contains("not been read completely",
            (await Assert.ThrowsAsync<IOException>(() => Source.VerifyAsync(false, true, TestContext.Current.CancellationToken))).Message);
        await Until(_ => true);
        await Server.StopAsync();
        Assert.NotEmpty(
            (await Assert.ThrowsAsync<IOException>(() => Source.VerifyAsync(false, true, TestContext.Current.CancellationToken))).Message);
    }
}
