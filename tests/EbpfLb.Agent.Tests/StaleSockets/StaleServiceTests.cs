using System.Globalization;
using EbpfLb.Abi;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.StaleSockets;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.StaleSockets;

public sealed class StaleServiceTests : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FollowUpDelay = TimeSpan.FromSeconds(1);

    private readonly FakeDataplane dataplane = new();
    private readonly ManualTimeProvider time = new();
    private readonly CollectedLog log = new();
    private readonly MetricRegistry metrics = new();
    private readonly PipelineState state;
    private StaleService? service;

    public StaleServiceTests()
    {
        state = new PipelineState(() => new FakeSource().Status, new ProxyHealthTracker(time, TimeSpan.FromSeconds(30)), false);
        state.RecordHooks(InForce);
    }

    private static HookState InForce => new(true, null, CanaryResult.Good, null);

    private FakeStale Stale => dataplane.StaleParts;

    [Fact]
    public async Task Nothing_is_looked_at_before_the_first_round_and_then_until_nothing_is_left()
    {
        await StartAsync();
        time.Advance(Period * 2);
        Assert.Equal(0, Stale.Passes);

        Stale.Next.Enqueue(Report(udp: (3, 2)));
        Stale.Next.Enqueue(Report(udp: (1, 1)));
        Round();
        await time.WhenTimerIsDueIn(RetryDelay);
        Assert.Equal(1, Stale.Passes);
        // One was left: later than the last time.
        await PassAsync(RetryDelay, next: RetryDelay * 2);
        await PassAsync(RetryDelay * 2, next: FollowUpDelay);
        await PassAsync(FollowUpDelay, next: Period);
        await PassAsync(Period, next: Period);
        Assert.Equal((5, 4), (Stale.Passes, Stale.UntranslatedPasses));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_programs_are_loaded_when_the_hooks_are_in_force_or_cannot_be(bool attached)
    {
        state.RecordHooks(HookState.None);
        Stale.Names = ["iter_udp", "iter_tcp"];
        Stale.Missing = "iter_tcp";
        await StartAsync();
        Round();
        await time.WhenTimerIsDueIn(FollowUpDelay);
        Assert.Equal((0, false), (Stale.Passes, Stale.IsLoaded));
        Assert.All(dataplane.StaleParts.Features, f => Assert.Equal((false, false), (f.IsKnown, f.IsMissing)));

        state.RecordHooks(attached ? InForce : new HookState(false, "no cgroup", null, null));
        time.Advance(FollowUpDelay);
        await time.WhenTimerIsDueIn(RetryDelay);

        Assert.Equal((1, true), (Stale.Passes, Stale.IsLoaded));
        Assert.Single(log.Lines, l => l.Contains("Kernel features: available=iter_udp", StringComparison.Ordinal));
        Assert.Single(log.Lines, l => l.Contains("Kernel feature missing: name=iter_tcp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_round_before_the_start_is_not_missed()
    {
        service = NewService(tcp: false);
        Round();
        await service.StartAsync(TestContext.Current.CancellationToken);
        await time.WhenTimerIsDueIn(RetryDelay);
        Assert.Equal(1, Stale.Passes);
    }

    [Fact]
    public async Task A_round_wakes_it_only_when_backends_went_or_frontends_came_of_a_protocol_that_counts()
    {
        await StartAsync();
        await RestAsync();
        var (passes, untranslated) = (Stale.Passes, Stale.UntranslatedPasses);

        Round();
        Round(lost: TransportProtocol.Tcp);
        Round(opened: TransportProtocol.Tcp);
        Round(lost: TransportProtocol.Sctp);
        await PassAsync(Period, next: Period);
        Assert.Equal((++passes, untranslated), (Stale.Passes, Stale.UntranslatedPasses));

        Round(lost: TransportProtocol.Udp);
        await RestAsync(begun: true);
        Assert.Equal((passes + 3, untranslated), (Stale.Passes, Stale.UntranslatedPasses));

        Round(opened: TransportProtocol.Udp);
        await RestAsync(begun: true);
        Assert.Equal((passes + 6, untranslated + 3), (Stale.Passes, Stale.UntranslatedPasses));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TCP_connections_of_removed_backends_are_ended_only_when_that_is_asked_for(bool tcp)
    {
        await StartAsync(tcp);
        await RestAsync();
        Assert.Equal(tcp, Stale.Tcp);
        var passes = Stale.Passes;

        Round(lost: TransportProtocol.Tcp);
        if (tcp) await RestAsync(begun: true);

        Assert.Equal(passes + (tcp ? 3 : 0), Stale.Passes);
    }

    [Fact]
    public async Task Untranslated_sockets_are_looked_for_until_none_is_left()
    {
        await StartAsync();
        await RestAsync();
        var untranslated = Stale.UntranslatedPasses;

        for (var i = 0; i < 4; i++) Stale.Next.Enqueue(Report(udp: (1, 0), error: "not permitted"));
        Round(opened: TransportProtocol.Udp);
        await time.WhenTimerIsDueIn(RetryDelay);
        foreach (var (wait, next) in ((int, int)[])[(1, 2), (2, 4), (4, 8)]) await PassAsync(RetryDelay * wait, RetryDelay * next);
        await PassAsync(RetryDelay * 8, FollowUpDelay);
        await PassAsync(FollowUpDelay, Period);
        Assert.Equal(untranslated + 6, Stale.UntranslatedPasses);

        await PassAsync(Period, Period);
        Assert.Equal(untranslated + 6, Stale.UntranslatedPasses);
        Assert.Single(log.Lines, l => l.Contains("not permitted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_metrics_say_what_the_last_pass_found_and_what_all_of_them_ended()
    {
        await StartAsync();
        Assert.Equal((null, null, null, 0, 0, 0), Read(metrics));

        Stale.Next.Enqueue(Report(udp: (3, 1), tcp: (2, 2), untranslated: (4, 1)));
        Round();
        await time.WhenTimerIsDueIn(RetryDelay);
        Assert.Equal((3, 2, 4, 2, 2, 0), Read(metrics));

        Stale.Next.Enqueue(Report(udp: (2, 0), untranslated: (0, 0), error: "refused"));
        await PassAsync(RetryDelay, RetryDelay * 2);
        Assert.Equal((2, null, 0, 2, 2, 2), Read(metrics));

        await PassAsync(RetryDelay * 2, FollowUpDelay);
        Assert.Equal((0, null, 0, 2, 2, 2), Read(metrics));
    }

    [Fact]
    public async Task What_cannot_be_found_has_no_figure_and_is_not_tried_again()
    {
        await StartAsync(tcp: true);

        for (var i = 0; i < 3; i++)
            Stale.Next.Enqueue(new StaleSocketReport(SocketCount.None, SocketCount.Unknown, SocketCount.Unknown, null));
        await RestAsync();

        Assert.Equal((0, null, null, 0, 0, 0), Read(metrics));
        Assert.DoesNotContain(metrics.Text().Split('\n'), l => l.StartsWith("ebpflb_untranslated_sockets ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pass_that_fails_leaves_no_figure_of_an_earlier_one()
    {
        await StartAsync();
        await RestAsync();
        Assert.Equal((0, null, 0, 0, 0, 0), Read(metrics));

        Stale.Failure = new InvalidOperationException("cannot look");
        Round(opened: TransportProtocol.Udp);
        await time.WhenTimerIsDueIn(RetryDelay);
        Assert.Equal((null, null, null, 0, 0, 0), Read(metrics));

        Stale.Failure = null;
        await PassAsync(RetryDelay, FollowUpDelay);
        Assert.Equal((0, null, 0, 0, 0, 0), Read(metrics));
    }

    [Fact]
    public async Task Changes_all_the_time_leave_passes_a_tenth_of_a_CPU()
    {
        var took = TimeSpan.FromMilliseconds(400);
        var (pause, step) = (took * 9, TimeSpan.FromMilliseconds(100));
        await StartAsync();
        await RestAsync();
        Stale.OnPass = () => time.Advance(took);
        var (begun, passes) = (time.GetTimestamp(), Stale.Passes);
        // After a rest at once.
        Round(lost: TransportProtocol.Udp);
        await time.WhenTimerIsDueIn(pause);
        Assert.Equal(++passes, Stale.Passes);

        while (time.GetElapsedTime(begun) < TimeSpan.FromSeconds(60))
        {
            for (var i = 1; i < pause / step; i++)
            {
                Round(lost: TransportProtocol.Udp);
                time.Advance(step);
                // As long as nobody waits for it, it may be about to look.
                await Waiting.UntilAsync(() => time.PendingTimers.Contains(pause - (i * step)));
                Assert.Equal(passes, Stale.Passes);
            }
            time.Advance(step);
            await time.WhenTimerIsDueIn(pause);
            Assert.Equal(++passes, Stale.Passes);
        }
    }

    [Fact]
    public async Task A_change_is_looked_at_within_five_seconds_however_long_a_pass_takes()
    {
        await StartAsync();
        await RestAsync();
        Stale.OnPass = () => time.Advance(TimeSpan.FromSeconds(2));
        Round(lost: TransportProtocol.Udp);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(18));
        var passes = Stale.Passes;

        Round(lost: TransportProtocol.Udp);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(5));
        Assert.Equal(passes, Stale.Passes);
        time.Advance(TimeSpan.FromSeconds(5));

        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(18));
        Assert.Equal(passes + 1, Stale.Passes);
    }

    [Fact]
    public async Task Flows_of_removed_backends_are_removed_and_a_failure_is_tried_again()
    {
        await StartAsync();
        await RestAsync();
        Add(1);
        Add(2);
        Stale.OnIsStale = entry => !entry.IsReply && entry.Key.Source.Port == 1;

        Round(opened: TransportProtocol.Udp);
        await RestAsync(begun: true);
        Assert.Equal(4, dataplane.Flows4.Count);

        var broken = true;
        var stale = Stale.OnIsStale;
        Stale.OnIsStale = entry => broken ? throw new InvalidOperationException("cannot be read") : stale(entry);
        Round(lost: TransportProtocol.Udp);
        await time.WhenTimerIsDueIn(RetryDelay);
        broken = false;
        Assert.Equal(4, dataplane.Flows4.Count);
        await PassAsync(RetryDelay, FollowUpDelay);

        Assert.Equal(2, dataplane.Flows4.Count);
        Assert.Contains(log.Lines, l => l.Contains("cannot be read", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (service is not null) await service.StopAsync(CancellationToken.None);
        service?.Dispose();
        metrics.Dispose();
        log.Dispose();
    }

    private async Task StartAsync(bool tcp = false)
    {
        service = NewService(tcp);
        await service.StartAsync(TestContext.Current.CancellationToken);
    }

    private StaleService NewService(bool tcp) => new(
        dataplane, state, new StaleMetrics(metrics), new ConntrackReconcilerMetrics(metrics), tcp, () => Period, time,
        log.Loggers.CreateLogger("stale"));

    private void Round(TransportProtocol? lost = null, TransportProtocol? opened = null)
        => state.RecordRound(
            new RoundReport(1, time.GetUtcNow(), 1, 1, TimeSpan.Zero, TimeSpan.Zero, true, [], null)
            {
                LostBackends = new HashSet<TransportProtocol>(lost is { } l ? [l] : []),
                OpenedFrontends = new HashSet<TransportProtocol>(opened is { } o ? [o] : []),
            },
            null);

    private static StaleSocketReport Report((int Found, int Ended) udp = default, (int Found, int Ended)? tcp = null,
        (int Found, int Ended)? untranslated = null, string? error = null)
        => new(Count(udp), Count(tcp), Count(untranslated), error);

    private static SocketCount Count((int Found, int Ended)? count) => new(count?.Found, count?.Ended ?? 0);

    /// <summary>Stale UDP and TCP, untranslated, ended UDP and TCP, and failures.</summary>
    private static (int?, int?, int?, int?, int?, int?) Read(MetricRegistry metrics)
    {
        var lines = metrics.Text().Split('\n');
        int? Value(string series)
            => lines.SingleOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal)) is { } line ? int.Parse(
                line[(series.Length + 1)..], CultureInfo.InvariantCulture) : null;
        return (
            Value("ebpflb_stale_sockets{protocol=\"udp\"}"), Value("ebpflb_stale_sockets{protocol=\"tcp\"}"),
            Value("ebpflb_untranslated_sockets"),
            Value("ebpflb_sockets_ended_total{protocol=\"udp\"}"), Value("ebpflb_sockets_ended_total{protocol=\"tcp\"}"),
            Value("ebpflb_socket_end_failures_total"));
    }

    private void Add(ushort port)
    {
        var client = new FlowEndpoint(IpAddress.Parse("192.0.2.1"), port);
        var request = new FlowEntry(
            new FlowKey(client, new FlowEndpoint(IpAddress.Parse("10.96.0.1"), 53), 17, LbCtHook.Ingress),
            client, new FlowEndpoint(IpAddress.Parse("10.244.0.5"), 9953), new LbCtState { Phase = (byte)LbCtPhase.Open });
        dataplane.Flows4.TryAdd(request);
        dataplane.Flows4.TryAdd(request.ToSibling(2));
    }

    /// <summary>One more pass, after which it waits that long.</summary>
    private async Task PassAsync(TimeSpan wait, TimeSpan next)
    {
        time.Advance(wait);
        await time.WhenTimerIsDueIn(next);
    }

    /// <summary>The three passes after a round, none of which finds anything.</summary>
    private async Task RestAsync(bool begun = false)
    {
        if (!begun) Round();
        await time.WhenTimerIsDueIn(RetryDelay);
        await PassAsync(RetryDelay, FollowUpDelay);
        await PassAsync(FollowUpDelay, Period);
    }
}
