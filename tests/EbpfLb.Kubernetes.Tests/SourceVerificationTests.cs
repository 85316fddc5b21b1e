using EbpfLb.Kubernetes.Auth;
using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using Microsoft.Extensions.Logging.Abstractions;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests;

/// <summary>What watches have kept, compared with a fresh list.</summary>
public sealed class SourceVerificationTests : IAsyncLifetime
{
    private readonly CancellationTokenSource stop = new();
    private FakeApiServer server = null!;
    private ApiServerSource source = null!;
    private IAsyncEnumerator<ClusterSnapshot> snapshots = null!;

    public async ValueTask InitializeAsync()
    {
        server = await FakeApiServer.StartAsync();
        server.Apply(ServiceJson("web"));
        server.Apply(SliceJson("web-1", "web"));
        server.Apply(NodeJson("node-1"));
        source = new ApiServerSource(
            new ApiConnection([server.Url], "test"), new ApiServerSourceOptions("node-1") { VerifyGrace = TimeSpan.FromSeconds(1) },
            TimeProvider.System, new Random(1), NullLogger<ApiServerSource>.Instance);
        snapshots = source.ReadAsync(stop.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await snapshots.DisposeAsync();
        source.Dispose();
        await server.DisposeAsync();
        stop.Dispose();
    }

    [Fact]
    public async Task What_the_watch_kept_is_what_the_server_has()
    {
        await NextAsync();

        var result = await source.VerifyAsync(repair: true, TestContext.Current.CancellationToken);

        Assert.Empty(result.Differences);
        Assert.Equal([("services", 1L), ("endpointslices", 1L), ("nodes", 1L)], result.Compared.Select(c => (c.What, c.Elements)));
    }

    [Fact]
    public async Task What_a_silent_watch_did_not_tell_is_found_and_read_again()
    {
        server.Faults.SilentWatches = true;
        await NextAsync();
        server.Apply(ServiceJson("late"));
        server.Apply(SliceJson("web-1", "web", ip: "10.1.0.9"));

        var seen = await source.VerifyAsync(repair: false, TestContext.Current.CancellationToken);
        Assert.Equal(
            [("EndpointSlice shop/web-1", "Endpoints"), ("Service shop/late", Difference.Whole)],
            seen.Differences.Select(d => (d.Object, d.Field)).Order());
        Assert.Empty(seen.Repaired);

        server.Faults.SilentWatches = false;
        var mended = await source.VerifyAsync(repair: true, TestContext.Current.CancellationToken);
        Assert.Equal(2, mended.Differences.Count);
        Assert.Equal(mended.Differences.ToHashSet(), mended.Repaired);
        var snapshot = await NextAsync();
        while (!snapshot.Services.ContainsKey(Name("late"))) snapshot = await NextAsync();
        Assert.Empty((await source.VerifyAsync(repair: true, TestContext.Current.CancellationToken)).Differences);
    }

    [Fact]
    public async Task What_changes_while_it_is_compared_is_no_difference()
    {
        await NextAsync();
        using var ended = new CancellationTokenSource();
        var changes = Task.Run(
            async () =>
            {
                for (var i = 0; !ended.IsCancellationRequested; i++)
                {
                    server.Apply(ServiceJson($"svc-{i % 50}", ip: $"10.96.1.{i % 250 + 1}"));
                    await Task.Delay(1, CancellationToken.None);
                }
            },
            TestContext.Current.CancellationToken);

        for (var round = 0; round < 3; round++)
            Assert.Empty((await source.VerifyAsync(repair: true, TestContext.Current.CancellationToken)).Differences);

        await ended.CancelAsync();
        await changes;
    }

    [Fact]
    public async Task Before_the_first_lists_and_while_the_server_is_away_it_is_said_why_nothing_can_be_compared()
    {
        Assert.Contains("not been read completely", (await Assert.ThrowsAsync<IOException>(() => source.VerifyAsync(true, TestContext.Current.CancellationToken))).Message);
        await NextAsync();
        await server.StopAsync();
        Assert.NotEmpty((await Assert.ThrowsAsync<IOException>(() => source.VerifyAsync(true, TestContext.Current.CancellationToken))).Message);
    }

    private async Task<ClusterSnapshot> NextAsync()
    {
        Assert.True(await snapshots.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        return snapshots.Current;
    }
}
