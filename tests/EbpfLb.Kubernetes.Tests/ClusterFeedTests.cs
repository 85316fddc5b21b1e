using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Kubernetes.Tests;

public sealed class ClusterFeedTests
{
    private static readonly Service Web = new(new("shop", "web"), ServiceType.ClusterIP, [], [], 0, ServiceLabels.None);
    private static readonly Node Own = new("node-1", [], [], null, IsDeleting: false, []);
    private readonly ManualTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly ClusterFeed feed;

    public ClusterFeedTests() => feed = new ClusterFeed("node-1", time, NullLogger.Instance);

    private static ApiException Unreachable(string message) => new(ApiFailure.Unreachable, message);

    [Theory]
    [InlineData("services slices node")]
    [InlineData("node slices services")]
    [InlineData("slices node services")]
    public async Task Only_the_last_of_the_first_lists_makes_a_snapshot(string order)
    {
        var next = feed.NextAsync(TestContext.Current.CancellationToken);
        foreach (var list in order.Split(' '))
        {
            Assert.False(next.IsCompleted);
            Assert.False(feed.StatusOf("x").IsSynced);
            if (list == "services") feed.Services.Replace([Web]);
            else if (list == "slices") feed.Slices.Replace([]);
            else feed.Nodes.Replace([Own]);
        }

        var snapshot = await next;

        Assert.Same(Web, snapshot.Services[Web.Name].Service);
        Assert.Same(Own, snapshot.Node);
        Assert.True(feed.StatusOf("x").IsSynced);
    }

    [Contract("13", "configSyncPeriod: what is kept is looked through, and the API server is not asked; no change is cheap")]
    [Fact]
    public async Task A_list_that_changes_nothing_makes_no_snapshot()
    {
        feed.Services.Replace([Web]);
        feed.Slices.Replace([]);
        feed.Nodes.Replace([Own]);
        await feed.NextAsync(TestContext.Current.CancellationToken);

        feed.Services.Replace([Web with { AffinitySeconds = 0 }]);
        var next = feed.NextAsync(TestContext.Current.CancellationToken);

        Assert.False(next.IsCompleted);
        feed.Services.Replace([]);
        Assert.Empty((await next).Services);
    }

    [Fact]
    public async Task Of_all_nodes_the_own_one_is_told_apart_and_of_the_others_the_addresses_are_known()
    {
        var other = Own with { Name = "other", Addresses = [IpAddress.Parse("192.0.2.7")] };
        feed.Services.Replace([]);
        feed.Slices.Replace([]);
        feed.Nodes.Replace([other, Own]);

        var snapshot = await feed.NextAsync(TestContext.Current.CancellationToken);
        Assert.Same(Own, snapshot.Node);
        Assert.Equal(new[] { Own.Name, "other" }.Order(StringComparer.Ordinal), snapshot.Nodes.Select(n => n.Name));

        feed.Nodes.Apply(new WatchEvent<Node>(WatchEventType.Deleted, new ObjectName("", "other"), null, "7"));
        snapshot = await feed.NextAsync(TestContext.Current.CancellationToken);
        Assert.Same(Own, snapshot.Node);
        Assert.Equal([Own.Name], snapshot.Nodes.Select(n => n.Name));

        feed.Nodes.Replace([other]);
        snapshot = await feed.NextAsync(TestContext.Current.CancellationToken);
        Assert.Null(snapshot.Node);
        Assert.Equal(["other"], snapshot.Nodes.Select(n => n.Name));
    }

    [Fact]
    public void The_status_has_the_oldest_failure_and_since_when()
    {
        feed.Slices.Failed(Unreachable("slices are away"));
        time.Advance(TimeSpan.FromMinutes(1));
        feed.Services.Failed(Unreachable("services are away"));
        feed.Slices.Failed(Unreachable("slices are still away"));

        Assert.Equal("slices are still away (since 2026-01-01 00:00:00Z)", feed.StatusOf("x").Error);

        feed.Slices.Contact();
        Assert.Equal("services are away (since 2026-01-01 00:01:00Z)", feed.StatusOf("x").Error);
        feed.Services.Contact();
        Assert.Null(feed.StatusOf("x").Error);
    }

    [Fact]
    public void The_last_contact_is_that_of_the_reflector_that_waits_longest()
    {
        feed.Services.Contact();
        feed.Slices.Contact();
        Assert.Null(feed.StatusOf("x").LastContact);
        feed.Nodes.Contact();
        var first = time.GetUtcNow();
        time.Advance(TimeSpan.FromSeconds(5));
        feed.Services.Contact();

        Assert.Equal(first, feed.StatusOf("x").LastContact);
    }
}
