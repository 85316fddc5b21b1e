using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Testing.Time;

namespace EbpfLb.Http.Tests.Metrics;

/// <summary>Every metric of the agent in a registry of its own.</summary>
internal sealed class AllMetrics : IDisposable
{
    public AllMetrics()
    {
        Sync = new SyncMetrics(Registry);
        Plan = new PlanMetrics(Registry);
        Health = new HealthMetrics(Registry);
        _ = new ReadyMetrics(Registry, Readiness);
        _ = new SourceMetrics(Registry, () => Source);
        _ = new DatapathMetrics(Registry, Readings);
        _ = new ServiceMetrics(Registry, () => Services);
        Flow = new FlowMetrics(Registry, () => Flows);
        Stale = new StaleMetrics(Registry);
        _ = new ProcessMetrics(Registry, "1.2.3");
        Verify = new VerifyMetrics(Registry, TimeSpan.FromMinutes(5));
        _ = new RepairMetrics(Registry, () => new Dictionary<string, long> { ["link_pin"] = 1 });
        _ = new RetireMetrics(Registry, () => (2, 1));
        Config = new ConfigMetrics(Registry, Time.GetUtcNow());
        _ = new EndpointMetrics(Registry, () => NoLocalEndpoints);
        _ = new RestClientMetrics(Registry, () => [new RestClientReading("200", "GET", "10.0.0.1:6443", 3)]);
        Reconciler = new ConntrackReconcilerMetrics(Registry);
    }

    public ManualTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeSeconds(1_000_000));

    public FixedReadings Readings { get; } = new();

    public FixedHealth Readiness { get; } = new();

    public SourceStatus Source { get; set; } = new("here", false, null, null);

    public MetricRegistry Registry { get; } = new();

    public SyncMetrics Sync { get; }

    public PlanMetrics Plan { get; }

    public HealthMetrics Health { get; }

    public FlowMetrics Flow { get; }

    public VerifyMetrics Verify { get; }

    public ConfigMetrics Config { get; }

    public ConntrackReconcilerMetrics Reconciler { get; }

    public IReadOnlyList<NoLocalEndpointsReading> NoLocalEndpoints { get; set; } = [
        new(IpFamily.IPv4, "internal", 0), new(IpFamily.IPv4, "external", 2)];

    public ServiceReadings? Services { get; set; } = new(
        [new(new ObjectName("shop", "cart"), "http", "TCP", "IPv4", 5, 0, 1)], new(new ObjectName("", "_others"), "", "", "", 7, 9, 0), 3);

    public StaleMetrics Stale { get; }

    public IReadOnlyList<FlowReading> Flows { get; set; } = [];

    public string[] Lines => Registry.Text().Split('\n');

    /// <summary>Something in every series.</summary>
    public void RecordOneOfEach()
    {
        Sync.RecordQueued(Time.GetUtcNow());
        Sync.RecordRound(TimeSpan.FromMilliseconds(3), isFull: true);
        Sync.RecordRound(TimeSpan.FromMilliseconds(3), isFull: false);
        Sync.RecordSynced(Time.GetUtcNow());
        Sync.RecordChanges(2, 3);
        Sync.RecordPending(1, 4);
        Sync.RecordNetworkProgramming(IpFamily.IPv4, TimeSpan.FromSeconds(1.5));
        Plan.RecordStage("compile", TimeSpan.FromMilliseconds(1));
        Plan.RecordPlan(17, [new PlanFailureReading("lb_backends", "full")]);
        Plan.RecordRetry();
        Flow.RecordSweep(new SweepReading(IpFamily.IPv4, 5, 2, 1, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(200)));
        Flows = [new FlowReading(IpFamily.IPv4, "open", 12), new FlowReading(IpFamily.IPv6, "open", 0)];
        Reconciler.RecordSync(IpFamily.IPv4, 3, TimeSpan.FromMilliseconds(2));
        Reconciler.RecordSync(IpFamily.IPv6, 0, TimeSpan.FromMilliseconds(2));
        Sync.RecordNetworkProgramming(IpFamily.IPv6, TimeSpan.FromSeconds(1.5));
        Stale.RecordSockets(new StaleReading(3, 1, 2, 1, 1));
        Stale.RecordUntranslated(1);
        Verify.RecordVerified(TimeSpan.FromSeconds(2), Time.GetUtcNow());
        Config.RecordReload(good: false, Time.GetUtcNow());
        Health.RecordHealthz(200);
        Health.RecordLivez(503);
        Source = new SourceStatus("here", true, Time.GetUtcNow(), null) { ContactAge = TimeSpan.Zero };
    }

    public void Dispose() => Registry.Dispose();
}
