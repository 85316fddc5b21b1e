using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Processes;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests;

/// <summary>A source of servers that have streaming lists (KEP-3157), that refuse them and that ignore what was asked.</summary>
public sealed class StreamingListTests : SourceTest
{
    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    private async Task StartAsync(StreamingListSupport support)
    {
        Server = await FakeApiServer.StartAsync(new FakeApiServerOptions { StreamingLists = support });
        for (var i = 0; i < 20; i++)
        {
            Server.Apply(ServiceJson($"web-{i}", ip: $"10.96.0.{i + 1}"));
            Server.Apply(SliceJson($"web-{i}-1", $"web-{i}"));
        }
        Server.Apply(NodeJson("node-1"));
        // How long a server that ignores the option is waited for. One that has it may be late with any of its objects.
        var silence = support == StreamingListSupport.Ignored ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromMinutes(1);
        Options = Options with { Timeouts = new ApiTimeouts { InitialSilence = silence } };
    }

    private IEnumerable<string> Lists => Server.Requests.Where(r => r.Verb == "list").Select(r => r.Path);

    [Contract("18", "sendInitialEvents: used where the server has it; else list, then watch")]
    [Fact]
    public async Task Where_the_server_has_them_nothing_is_listed_and_the_first_snapshot_is_complete()
    {
        await StartAsync(StreamingListSupport.Supported);
        Start(Server.Url);

        var snapshot = await Until(_ => true);

        Assert.Equal((20, "node-1"), (snapshot.Services.Count, snapshot.Node?.Name));
        Assert.All(snapshot.Services.Values, s => Assert.Single(s.Slices));
        Assert.All(Server.Requests.Where(r => r.Verb == "watch"), r => Assert.Equal(
            ("true", "NotOlderThan", "true", false),
            (r.Query["sendInitialEvents"], r.Query["resourceVersionMatch"], r.Query["allowWatchBookmarks"],
                r.Query.ContainsKey("resourceVersion"))));
        // The Services, slices and nodes; ServiceCIDRs this server does not have.
        Assert.DoesNotContain(Lists, path => !path.EndsWith("servicecidrs", StringComparison.Ordinal));

        // The same watch goes on.
        Server.Apply(ServiceJson("late", ip: "10.96.1.1"));
        Server.Delete(FakeResource.Services, "web-0", "shop");
        await Until(s => s.Services.ContainsKey(Name("late")) && s.Services.GetValueOrDefault(Name("web-0"))?.Service is null);
        Assert.Equal(1, Server.Requests.Count(r => r.Path == "/api/v1/services"));
    }

    [Fact]
    public async Task After_an_expired_watch_the_collection_is_streamed_again_and_what_is_gone_goes_in_one_go()
    {
        await StartAsync(StreamingListSupport.Supported);
        Start(Server.Url);
        await Until(s => s.Services.Count == 20);
        Eventually.True(() => Server.OpenWatches == 3, "three watches");

        Server.Faults.SilentWatches = true;
        Server.Delete(FakeResource.Services, "web-0", "shop");
        Server.Delete(FakeResource.EndpointSlices, "web-0-1", "shop");
        Server.Faults.SilentWatches = false;
        Server.ExpireWatches();

        // Never fewer in between: a list that is under way takes nothing away.
        var last = await Until(s =>
        {
            Assert.InRange(s.Services.Values.Count(e => e.Service is not null), 19, 20);
            return !s.Services.ContainsKey(Name("web-0"));
        });
        Assert.Equal(19, last.Services.Count);
        Assert.DoesNotContain("/api/v1/services", Lists);
    }

    [Contract("18", "sendInitialEvents: used where the server has it; else list, then watch")]
    [Theory]
    [InlineData(StreamingListSupport.Refused)]
    [InlineData(StreamingListSupport.Ignored)]
    public async Task Where_it_does_not_the_collection_is_listed_and_watched(StreamingListSupport support)
    {
        await StartAsync(support);
        Start(Server.Url);

        var snapshot = await Until(_ => true);

        Assert.Equal((20, "node-1"), (snapshot.Services.Count, snapshot.Node?.Name));
        Assert.Null(Source.Status.Error);
        Assert.Contains("/api/v1/services", Lists);
        Server.Apply(ServiceJson("late", ip: "10.96.1.1"));
        await Until(s => s.Services.ContainsKey(Name("late")));
        Assert.Equal(1, Server.Requests.Count(r => r.Path == "/api/v1/services" && r.Query.ContainsKey("sendInitialEvents")));
    }

    [Fact]
    public async Task A_stream_that_is_cut_before_its_end_shows_nothing_and_is_tried_again()
    {
        await StartAsync(StreamingListSupport.Supported);
        Server.Faults.CutNextLists(3);
        Start(Server.Url);

        Assert.Equal(20, (await Until(_ => true)).Services.Count);
        Assert.DoesNotContain("/api/v1/services", Lists);
    }

    [Fact]
    public async Task An_object_that_does_not_read_spoils_a_stream_and_not_the_list_that_follows()
    {
        await StartAsync(StreamingListSupport.Supported);
        Server.Apply(
            """{"kind":"Service","apiVersion":"v1","metadata":{"name":"bad","namespace":"shop"},"spec":{"clusterIP":"10.96.2.1","ports":"none"}}""");
        Start(Server.Url);

        var snapshot = await Until(_ => true);

        Assert.Equal(20, snapshot.Services.Values.Count(e => e.Service is not null));
        Assert.Contains("/api/v1/services", Lists);
    }
}
