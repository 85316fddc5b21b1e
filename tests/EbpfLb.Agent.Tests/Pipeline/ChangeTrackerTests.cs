using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Time;

namespace EbpfLb.Agent.Tests.Pipeline;

public sealed class ChangeTrackerTests : IDisposable
{
    private const string Latency = "kubeproxy_network_programming_duration_seconds";

    private readonly ManualTimeProvider time = new();
    private readonly ClusterStateBuilder cluster = new();
    private readonly MetricRegistry metrics = new();
    private readonly ChangeTracker tracker;
    private long sequence;

    public ChangeTrackerTests()
    {
        tracker = new ChangeTracker(new SyncMetrics(metrics), time);
    }

    public void Dispose()
    {
        metrics.Dispose();
    }

    [Contract(
        "13",
        "programming latency: from the slice's annotation to the end of the round that carries it, once; not of what is older than "
        + "the agent, unchanged or not to be read")]
    [Fact]
    public void A_change_of_a_slice_is_timed_from_its_trigger_to_the_end_of_its_round()
    {
        time.Advance(TimeSpan.FromMinutes(1));
        SetSlice("web-1", time.GetUtcNow());
        time.Advance(TimeSpan.FromSeconds(3));
        Observe();
        time.Advance(TimeSpan.FromSeconds(2));
        tracker.RecordApplied(sequence);
        Assert.Contains($"{Latency}_sum{{ip_family=\"IPv4\"}} 5", Metrics);
        Assert.Contains($"{Latency}_count{{ip_family=\"IPv4\"}} 1", Metrics);
    }

    [Fact]
    public void A_round_that_ends_before_its_snapshot_was_counted_is_timed_all_the_same()
    {
        SetSlice("web-1", time.GetUtcNow());
        time.Advance(TimeSpan.FromSeconds(2));
        tracker.RecordApplied(1);
        time.Advance(TimeSpan.FromSeconds(9));
        Observe();
        Assert.Contains($"{Latency}_sum{{ip_family=\"IPv4\"}} 2", Metrics);
    }

    [Contract(
        "13",
        "programming latency: from the slice's annotation to the end of the round that carries it, once; not of what is older than "
        + "the agent, unchanged or not to be read")]
    [Fact]
    public void Triggers_from_before_the_agent_and_slices_that_did_not_change_are_not_timed()
    {
        SetSlice("old", time.GetUtcNow() - TimeSpan.FromSeconds(1));
        Observe();
        tracker.RecordApplied(sequence);
        SetSlice("new", time.GetUtcNow());
        Observe();
        tracker.RecordApplied(sequence);
        Observe();
        tracker.RecordApplied(sequence);
        Assert.Contains($"{Latency}_count{{ip_family=\"IPv4\"}} 1", Metrics);
    }

    [Contract("15", "changes pending and seen: a count that adds up and one that is replaced")]
    [Fact]
    public void Changes_are_pending_until_a_round_that_carries_them_succeeds()
    {
        SetSlice("web-1", null);
        Observe();
        SetSlice("web-2", null);
        Observe();
        Assert.Contains("kubeproxy_sync_proxy_rules_endpoint_changes_pending 2", Metrics);
        tracker.RecordApplied(1);
        Assert.Contains("kubeproxy_sync_proxy_rules_endpoint_changes_pending 1", Metrics);
        tracker.RecordApplied(2);
        Assert.Contains("kubeproxy_sync_proxy_rules_endpoint_changes_pending 0", Metrics);
        Assert.Contains("kubeproxy_sync_proxy_rules_endpoint_changes_total 2", Metrics);
    }

    /// <summary>Nothing gets into the kernel, for hours.</summary>
    [Fact]
    public void Of_more_changes_than_a_thousand_the_older_ones_are_counted_and_not_timed()
    {
        for (var i = 0; i < 1_100; i++)
        {
            SetSlice($"web-{i}", time.GetUtcNow());
            Observe();
        }
        Assert.Contains("kubeproxy_sync_proxy_rules_endpoint_changes_pending 1100", Metrics);

        tracker.RecordApplied(sequence);

        Assert.Contains("kubeproxy_sync_proxy_rules_endpoint_changes_pending 0", Metrics);
        Assert.Contains($"{Latency}_count{{ip_family=\"IPv4\"}} 1000", Metrics);
    }

    private string[] Metrics => metrics.Text().Split('\n');

    private void Observe() => tracker.Observe(new ArrivedSnapshot(cluster.Build(), ++sequence, time.GetTimestamp()));

    private void SetSlice(string name, DateTimeOffset? trigger) => cluster.Set(new EndpointSlice(
        ClusterBuilder.Name(name), "web", IpFamily.IPv4, [], [new Endpoint(IpAddress.Parse("10.0.0.1"), EndpointConditions.Default)],
        ServiceLabels.None, trigger));
}
