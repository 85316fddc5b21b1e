using EbpfLb.Agent.Events;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Kubernetes;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.Events;

/// <summary>Events on their way to a fake API server over real HTTP.</summary>
public sealed class EventQueueTests : IAsyncLifetime
{
    private static readonly ClusterEvent Starting = new(
        EventSubject.Node, new ObjectName("", "node-1"), false, "Starting", "Start", "hello");
    private static readonly ClusterEvent Taken = new(
        EventSubject.Service, new ObjectName("prod", "web"), true, "FailedToStartServiceHealthcheck", "Listen", "taken");

    private readonly ManualTimeProvider time = new();
    private readonly CollectedLog log = new();
    private FakeApiServer server = null!;
    private ApiServerSource source = null!;
    private EventQueue queue = null!;

    public async ValueTask InitializeAsync()
    {
        server = await FakeApiServer.StartAsync();
        source = new ApiServerSource(
            new ApiConnection([server.Url], "test"), new ApiServerSourceOptions("node-1"), TimeProvider.System, new Random(1),
            NullLogger<ApiServerSource>.Instance);
        queue = new EventQueue(source, "node-1", time, log.Loggers.CreateLogger("events"));
        await queue.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await queue.StopAsync(CancellationToken.None);
        queue.Dispose();
        source.Dispose();
        await server.DisposeAsync();
        log.Dispose();
    }

    private string[] Told => [.. server.Events.Select(e => $"{e["reason"]} x{(int?)e["series"]?["count"] ?? 1}")];

    [Fact]
    public async Task Events_are_posted_in_order_and_logged()
    {
        queue.Record(Starting);
        queue.Record(Taken);

        await Waiting.UntilAsync(() => Told.Length == 2);
        Assert.Equal(["Starting x1", "FailedToStartServiceHealthcheck x1"], Told);
        Assert.Contains(log.Lines,
            l => l.Contains("Event: Service=prod/web reason=FailedToStartServiceHealthcheck count=1: taken", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_repeats_is_told_once_and_after_six_minutes_again_with_its_count()
    {
        for (var i = 0; i < 20; i++) queue.Record(Taken);
        await Waiting.UntilAsync(() => Told.Length == 1);

        time.Advance(TimeSpan.FromMinutes(6));
        queue.Record(Taken);

        await Waiting.UntilAsync(() => Told.Length == 2);
        Assert.Equal(["FailedToStartServiceHealthcheck x1", "FailedToStartServiceHealthcheck x21"], Told);
        Assert.Equal(2, log.Lines.Count(l => l.Contains("reason=FailedToStartServiceHealthcheck", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_server_that_is_away_gets_them_when_it_is_back()
    {
        await server.StopAsync();
        queue.Record(Starting);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(10));

        await server.StartAgainAsync();
        time.Advance(TimeSpan.FromSeconds(10));

        await Waiting.UntilAsync(() => Told.Length == 1);
    }

    [Fact]
    public async Task A_missing_rule_is_told_once_with_what_to_add_and_what_it_allows_later_is_posted()
    {
        server.Faults.Forbid("create", "events");
        queue.Record(Starting);
        await time.WhenTimerIsDueIn(TimeSpan.FromMinutes(10));
        Assert.Single(log.Lines, l => l.Contains("Cannot write Kubernetes Events", StringComparison.Ordinal)
            && l.Contains("""{apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"]}""", StringComparison.Ordinal));

        server.Faults.Allow("create", "events");
        time.Advance(TimeSpan.FromMinutes(10));
        await Waiting.UntilAsync(() =>
        {
            queue.Record(Taken with { Note = Guid.NewGuid().ToString() });
            return Told.Length > 0;
        });
    }

    [Fact]
    public void Nobody_waits_for_a_server_that_does_not_answer()
    {
        server.Faults.Hold();
        for (var i = 0; i < 10_000; i++) queue.Record(Taken with { Note = $"{i}" });
        Assert.Equal(10_000, log.Lines.Count(l => l.Contains("reason=FailedToStartServiceHealthcheck", StringComparison.Ordinal)));
        server.Faults.Release();
    }

    [Fact]
    public void Of_more_than_it_can_remember_the_oldest_is_forgotten_and_told_again_and_no_other()
    {
        using var alone = new EventQueue(null, "node-1", time, log.Loggers.CreateLogger("events"));
        for (var i = 0; i <= 1024; i++)
        {
            alone.Record(Taken with { Note = $"(port {i})" });
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        alone.Record(Taken with { Note = "(port 1)" });
        Assert.Single(log.Lines, l => l.Contains("(port 1)", StringComparison.Ordinal));
        alone.Record(Taken with { Note = "(port 0)" });
        Assert.Equal(2, log.Lines.Count(l => l.Contains("(port 0)", StringComparison.Ordinal)));
    }

    [Fact]
    public void Without_a_server_they_are_in_the_log()
    {
        using var alone = new EventQueue(null, "node-1", time, log.Loggers.CreateLogger("events"));
        alone.Record(Starting);
        Assert.Contains(log.Lines, l => l.Contains("Event: Node=node-1 reason=Starting", StringComparison.Ordinal));
    }
}
