using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Time;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Api;

public sealed class WatchTests : IAsyncLifetime
{
    private readonly ManualTimeProvider time = new();
    private FakeApiServer server = null!;
    private KubernetesApi api = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await FakeApiServer.StartAsync();
        api = Client(server.Url, time, new ApiTimeouts
        {
            Watch = TimeSpan.FromSeconds(300),
            WatchSlack = TimeSpan.FromSeconds(15),
            BookmarkSilence = TimeSpan.FromSeconds(150),
        });
    }

    public async ValueTask DisposeAsync()
    {
        api.Dispose();
        await server.DisposeAsync();
    }

    private Task<IApiWatch<Service>> Open(string? version = null)
        => api.WatchAsync(
            ApiResources.Services, new ApiSelector("!service.kubernetes.io/service-proxy-name"), version ?? server.ResourceVersion, Cancel);

    [Fact]
    public async Task Changes_arrive_in_order_from_where_the_list_ended()
    {
        var version = server.ResourceVersion;
        server.Apply(ServiceJson("early"));
        await using var watch = await Open(version);
        server.Apply(ServiceJson("late"));
        server.Delete(FakeResource.Services, "early", "shop");

        var events = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var next = await watch.ReadAsync(Cancel);
            events.Add($"{next!.Type} {next.Name}");
        }

        Assert.Equal(["Set shop/early", "Set shop/late", "Deleted shop/early"], events);
    }

    [Fact]
    public async Task A_label_that_hands_a_service_to_another_proxy_looks_like_a_delete_and_back()
    {
        server.Apply(ServiceJson("web"));
        await using var watch = await Open();
        server.Apply(ServiceJson("web", labels: "\"service.kubernetes.io/service-proxy-name\":\"\""));
        server.Apply(ServiceJson("web"));

        Assert.Equal((WatchEventType.Deleted, Name("web")), Shape(await watch.ReadAsync(Cancel)));
        Assert.Equal((WatchEventType.Set, Name("web")), Shape(await watch.ReadAsync(Cancel)));
    }

    [Fact]
    public async Task A_bookmark_moves_the_place_to_resume_from()
    {
        await using var watch = await Open();
        server.Apply(SliceJson("web-1", "web"));
        server.SendBookmarks();

        var bookmark = await watch.ReadAsync(Cancel);

        Assert.Equal((WatchEventType.Bookmark, server.ResourceVersion), (bookmark!.Type, bookmark.ResourceVersion));
    }

    [Fact]
    public async Task An_orderly_end_is_null()
    {
        await using var watch = await Open();
        server.EndWatches();

        Assert.Null(await watch.ReadAsync(Cancel));
    }

    [Fact]
    public async Task A_cut_in_the_middle_of_a_line_is_a_cut_and_the_half_event_is_dropped()
    {
        await using var watch = await Open();
        server.CutWatchesMidLine();

        var failure = await FailureOf(async () => await watch.ReadAsync(Cancel));

        Assert.Equal(ApiFailure.Cut, failure.Failure);
    }

    [Fact]
    public async Task A_cut_between_lines_is_a_cut()
    {
        await using var watch = await Open();
        server.CutWatches();

        var failure = await FailureOf(async () => await watch.ReadAsync(Cancel));

        Assert.Equal(ApiFailure.Cut, failure.Failure);
    }

    [Fact]
    public async Task Silence_beyond_the_watchs_time_is_noticed()
    {
        server.Faults.SilentWatches = true;
        await using var watch = await Open();
        var read = watch.ReadAsync(Cancel).AsTask();
        var seconds = int.Parse(server.Requests[^1].Query["timeoutSeconds"]);

        time.Advance(TimeSpan.FromSeconds(seconds + 14));
        Assert.False(read.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ApiFailure.Silent, (await FailureOf(() => read)).Failure);
    }

    [Fact]
    public async Task Silence_after_bookmarks_is_noticed_sooner()
    {
        await using var watch = await Open();
        server.SendBookmarks();
        await watch.ReadAsync(Cancel);
        var read = watch.ReadAsync(Cancel).AsTask();

        time.Advance(TimeSpan.FromSeconds(149));
        Assert.False(read.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ApiFailure.Silent, (await FailureOf(() => read)).Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_forgotten_version_is_expired_in_both_forms(bool asStatus)
    {
        var version = server.ResourceVersion;
        server.Apply(ServiceJson("web"));
        server.Compact();
        server.Faults.ExpiredAsStatus = asStatus;

        var failure = await FailureOf(async () =>
        {
            await using var watch = await Open(version);
            await watch.ReadAsync(Cancel);
        });

        Assert.Equal(ApiFailure.Expired, failure.Failure);
    }

    [Fact]
    public async Task Bytes_that_are_no_event_are_malformed()
    {
        await using var watch = await Open();
        server.SendGarbage();

        Assert.Equal(ApiFailure.Malformed, (await FailureOf(async () => await watch.ReadAsync(Cancel))).Failure);
    }

    [Fact]
    public async Task The_ends_of_watches_are_spread_from_once_to_twice_the_time()
    {
        for (var i = 0; i < 8; i++) await (await Open()).DisposeAsync();

        var seconds = server.Requests.Select(r => int.Parse(r.Query["timeoutSeconds"])).ToList();

        Assert.All(seconds, s => Assert.InRange(s, 300, 600));
        Assert.True(seconds.Distinct().Count() > 4, string.Join(' ', seconds));
    }

    private static (WatchEventType, ObjectName) Shape(WatchEvent<Service>? watchEvent) => (watchEvent!.Type, watchEvent.Name);
}
