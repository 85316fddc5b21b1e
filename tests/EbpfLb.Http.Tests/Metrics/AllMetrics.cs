using System.Diagnostics.Metrics;
using EbpfLb.Http.Metrics;
using EbpfLb.Http.Prometheus;
using EbpfLb.Model;
using EbpfLb.Testing.Time;

namespace EbpfLb.Http.Tests.Metrics;

/// <summary>Every metric of the agent on a meter of its own.</summary>
internal sealed class AllMetrics : IDisposable
{
    private readonly Meter meter = new("EbpfLb");

    public AllMetrics()
    {
        Exporter = new PrometheusExporter(meter);
        Sync = new SyncMetrics(meter);
        Plan = new PlanMetrics(meter);
        Health = new HealthMetrics(meter);
        _ = new SourceMetrics(meter, () => Source);
        _ = new DatapathMetrics(meter, Readings);
        _ = new ServiceMetrics(meter, () => Services);
        Flow = new FlowMetrics(meter, () => Flows);
        Stale = new StaleMetrics(meter);
        _ = new ProcessMetrics(meter, "1.2.3");
        _ = new EndpointMetrics(meter, () => NoLocalEndpoints);
        _ = new RestClientMetrics(meter, () => [new RestClientReading("200", "GET", "10.0.0.1:6443", 3)]);
        Reconciler = new ConntrackReconcilerMetrics(meter);
    }

    public ManualTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeSeconds(1_000_000));

    public FixedReadings Readings { get; } = new();

    public SourceStatus Source { get; set; } = new("here", false, null, null);

    public PrometheusExporter Exporter { get; }

    public SyncMetrics Sync { get; }

    public PlanMetrics Plan { get; }

    public HealthMetrics Health { get; }

    public FlowMetrics Flow { get; }

    public ConntrackReconcilerMetrics Reconciler { get; }

    public IReadOnlyList<NoLocalEndpointsReading> NoLocalEndpoints { get; set; } = [new(IpFamily.IPv4, "internal", 0), new(IpFamily.IPv4, "external", 2)];

    public ServiceReadings? Services { get; set; } = new(
        [new(new ObjectName("shop", "cart"), "http", "TCP", "IPv4", 5, 0, 1)], new(new ObjectName("", "_others"), "", "", "", 7, 9, 0), 3);

    public StaleMetrics Stale { get; }

    public IReadOnlyList<FlowReading> Flows { get; set; } = [];

    public string[] Lines => Exporter.Export().Split('\n');

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
        Health.RecordHealthz(200);
        Health.RecordLivez(503);
        Source = new SourceStatus("here", true, Time.GetUtcNow(), null) { ContactAge = TimeSpan.Zero };
    }

    public void Dispose()
    {
        Exporter.Dispose();
        meter.Dispose();
    }
}
