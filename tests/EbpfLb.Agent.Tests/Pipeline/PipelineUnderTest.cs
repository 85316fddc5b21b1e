using System.Threading.Channels;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Verification;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Pipeline;

/// <summary>The real pipeline between a source and a dataplane that the test holds, on a clock that the test moves.</summary>
internal sealed class PipelineUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan CheckPeriod = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource stop = new();
    private readonly CollectedLog log = new();
    private readonly MetricRegistry metrics = new();
    private readonly Task running;
    private VerifyMetrics? verifyMetrics;

    /// <param name="arrivals">What the loop reads from, made of the channel's reader.</param>
    public PipelineUnderTest(TimeSpan minSyncPeriod = default, bool nodeRequired = false,
        Func<ChannelReader<ArrivedSnapshot>, ChannelReader<ArrivedSnapshot>>? arrivals = null)
    {
        MinSyncPeriod = minSyncPeriod;
        var health = new ProxyHealthTracker(Time, CheckPeriod);
        State = new PipelineState(() => Source.Status, health, nodeRequired, log.Loggers.CreateLogger<PipelineState>());
        var channel = SourceReader.CreateChannel();
        var sync = new SyncMetrics(metrics);
        var plan = new PlanMetrics(metrics);
        var changes = new ChangeTracker(sync, Time);
        var logger = log.Loggers.CreateLogger<SyncLoop>();
        var reader = new SourceReader(Source, channel.Writer, changes, health, sync, Time);
        var loop = new SyncLoop(
            arrivals?.Invoke(channel.Reader) ?? channel.Reader, new SyncRound(Dataplane, PolicyOptions.Default, plan, Time, logger),
            new HookGuard(Dataplane, State, Time, logger),
            changes, State, health, sync, plan, () => new PipelineSettings(MinSyncPeriod, SyncPeriod), Time,
            logger) { Requests = Requests };
        running = Task.WhenAll(Task.Run(() => reader.RunAsync(stop.Token)), Task.Run(() => loop.RunAsync(stop.Token)));
    }

    /// <summary>As a reload changes it, with <see cref="LoopRequests.Wake"/> after it.</summary>
    public TimeSpan SyncPeriod { get; set; } = CheckPeriod;

    public TimeSpan MinSyncPeriod { get; set; }

    public LoopRequests Requests { get; } = new();

    /// <summary>Everything that compares, over this pipeline.</summary>
    public Verifier NewVerifier() => new(
        Source, Dataplane, State, Requests, verifyMetrics ??= new VerifyMetrics(metrics, TimeSpan.FromMinutes(5)), Time,
        log.Loggers.CreateLogger<Verifier>());

    public ManualTimeProvider Time { get; } = new();

    public FakeSource Source { get; } = new();

    public FakeDataplane Dataplane { get; } = new();

    public PipelineState State { get; }

    public ClusterBuilder Cluster { get; } = new();

    public string[] Log => log.Lines;

    public string[] Metrics => metrics.Text().Split('\n');

    public bool IsReady => State.Readiness().Ready;

    /// <summary>Adds a Service with one endpoint and pushes the state.</summary>
    public void PushService(string name, int number) => Push(Cluster
        .Service(name, [$"10.96.0.{number}"], [":80"])
        .Slice($"{name}-1", name, [":8080"], [$"10.1.0.{number}"]));

    public void Push(ClusterBuilder cluster) => Source.Push(cluster.Build());

    /// <summary>Until the loop waits again, with the next thing due after this time.</summary>
    public Task UntilWaitingForAsync(double seconds) => Time.WhenTimerIsDueIn(TimeSpan.FromSeconds(seconds));

    /// <summary>Until the loop waits for nothing but the next check of the hooks.</summary>
    public Task UntilIdleAsync() => UntilWaitingForAsync(CheckPeriod.TotalSeconds);

    /// <summary>One Service is in the kernel and everything is ready.</summary>
    public async Task UntilFirstServiceIsInAsync()
    {
        PushService("first", 1);
        await Dataplane.NextAppliedAsync();
        await UntilIdleAsync();
    }

    /// <summary>Names of the Services in a table, without the canary.</summary>
    public static string[] NamesIn(ForwardingTable table) => [.. table.Services.Where(s => s.Name != Canary.Name).Select(s => s.Name.Name)];

    public static ObjectName Name(string name) => ClusterBuilder.Name(name);

    /// <summary>Fails when the pipeline ended by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        try
        {
            await running;
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }
        metrics.Dispose();
        log.Dispose();
        stop.Dispose();
    }
}
