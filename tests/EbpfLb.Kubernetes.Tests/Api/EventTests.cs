using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Api;

/// <summary>Events by real HTTP to a fake server that validates them as a real one does.</summary>
public sealed class EventTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2025, 3, 4, 12, 0, 0, 123, TimeSpan.Zero);

    private static readonly ClusterEvent OfService = new(
        EventSubject.Service, new ObjectName("shop", "web"), true, "FailedToStartServiceHealthcheck", "Listen", "port 30100 is taken");
    private static readonly ClusterEvent OfNode = new(EventSubject.Node, new ObjectName("", "node-1"), false, "Starting", "Start", "");

    private FakeApiServer server = null!;
    private KubernetesApi api = null!;

    public async ValueTask InitializeAsync()
    {
        server = await FakeApiServer.StartAsync();
        api = Client(server.Url);
    }

    public async ValueTask DisposeAsync()
    {
        api.Dispose();
        await server.DisposeAsync();
    }

    private Task PostAsync(ClusterEvent clusterEvent, int count = 1)
        => api.CreateEventAsync(
            new EventPost(clusterEvent, "node-1", Noon, count, Noon.AddMinutes(count)), TestContext.Current.CancellationToken);

    [Fact]
    public async Task An_event_on_a_Service_is_in_its_namespace()
    {
        await PostAsync(OfService);

        var told = Assert.Single(server.Events);
        Assert.Equal("shop", (string?)told["metadata"]!["namespace"]);
        Assert.Equal(("Service", "web", "shop"),
            ((string?)told["regarding"]!["kind"], (string?)told["regarding"]!["name"], (string?)told["regarding"]!["namespace"]));
        Assert.Equal(("FailedToStartServiceHealthcheck", "Listen", "Warning"),
            ((string?)told["reason"], (string?)told["action"], (string?)told["type"]));
        Assert.Equal("port 30100 is taken", (string?)told["note"]);
        Assert.Equal("2025-03-04T12:00:00.123000Z", (string?)told["eventTime"]);
        Assert.Null(told["series"]);
    }

    [Fact]
    public async Task An_event_on_a_Node_is_in_default_and_has_its_name_as_uid()
    {
        await PostAsync(OfNode);

        var told = Assert.Single(server.Events);
        Assert.Equal("default", (string?)told["metadata"]!["namespace"]);
        Assert.Equal(("Node", "node-1", "node-1"),
            ((string?)told["regarding"]!["kind"], (string?)told["regarding"]!["name"], (string?)told["regarding"]!["uid"]));
        Assert.Equal(("ebpflb", "ebpflb-node-1", "Normal"),
            ((string?)told["reportingController"], (string?)told["reportingInstance"], (string?)told["type"]));
    }

    [Fact]
    public async Task What_happened_often_is_a_series_and_a_long_note_is_cut()
    {
        await PostAsync(OfService with { Note = new string('x', 3000) }, count: 7);

        var told = Assert.Single(server.Events);
        Assert.Equal(7, (int?)told["series"]!["count"]);
        Assert.Equal(1024, ((string?)told["note"])!.Length);
    }

    /// <summary>A server refuses a MicroTime without its six digits.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(10)]
    [InlineData(1_230_000)]
    public async Task Times_have_a_fraction_of_six_digits_at_a_whole_second_too(long ticks)
    {
        var second = new DateTimeOffset(2025, 3, 4, 12, 0, 0, TimeSpan.Zero).AddTicks(ticks);
        await api.CreateEventAsync(new EventPost(OfService, "node-1", second, 2, second), TestContext.Current.CancellationToken);
        Assert.Single(server.Events);
    }

    [Fact]
    public async Task What_is_forbidden_says_which_rule_is_missing()
    {
        server.Faults.Forbid("create", "events");

        var failure = await FailureOf(() => PostAsync(OfNode));

        Assert.Equal(ApiFailure.Forbidden, failure.Failure);
        Assert.Contains("""{apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"]}""", failure.Message);
    }
}
