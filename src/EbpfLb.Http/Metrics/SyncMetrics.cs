using EbpfLb.Model;
using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>
/// The rounds that bring the cluster's state into the kernel, under kube-proxy's names (docs/contract.md 15). A round
/// serves both families at once, so both series get it.
/// </summary>
public sealed class SyncMetrics
{
    private readonly PerFamily<Histogram.Child> duration;
    private readonly PerFamily<Histogram.Child> fullDuration;
    private readonly PerFamily<Histogram.Child> partialDuration;
    private readonly PerFamily<Histogram.Child> networkProgramming;
    private readonly PerFamily<Gauge.Child> lastSynced;
    private readonly PerFamily<Gauge.Child> lastQueued;
    private readonly Counter serviceChanges;
    private readonly Counter endpointChanges;
    private readonly Gauge servicesPending;
    private readonly Gauge endpointsPending;

    public SyncMetrics(MetricRegistry metrics)
    {
        const string Prefix = "kubeproxy_sync_proxy_rules_";
        var factory = metrics.Factory;
        duration = Duration("kubeproxy_sync_proxy_rules_duration_seconds", "Duration of one sync round", Buckets.Sync);
        fullDuration = Duration(
            "kubeproxy_sync_full_proxy_rules_duration_seconds", "Duration of one sync round that looked at everything", Buckets.Sync);
        partialDuration = Duration(
            "kubeproxy_sync_partial_proxy_rules_duration_seconds", "Duration of one sync round that looked at what changed", Buckets.Sync);
        networkProgramming = Duration("kubeproxy_network_programming_duration_seconds",
            "Time from the change of an endpoint, as stamped by the API server's controller, to the kernel", Buckets.NetworkProgramming);
        lastSynced = Time(Prefix + "last_timestamp_seconds", "Unix time of the last successful sync");
        lastQueued = Time(Prefix + "last_queued_timestamp_seconds", "Unix time when a sync was last queued");
        serviceChanges = factory.CreateCounter(Prefix + "service_changes_total", "Changes of Services seen");
        endpointChanges = factory.CreateCounter(Prefix + "endpoint_changes_total", "Changes of EndpointSlices seen");
        servicesPending = factory.CreateGauge(Prefix + "service_changes_pending", "Changes of Services not yet in the kernel");
        endpointsPending = factory.CreateGauge(Prefix + "endpoint_changes_pending", "Changes of EndpointSlices not yet in the kernel");

        PerFamily<Histogram.Child> Duration(string name, string help, double[] buckets)
            => new(factory.CreateHistogram(name, help, [PerFamily.Label], new HistogramConfiguration { Buckets = buckets }));

        // Absent until there was one: 0 would be a sync in 1970.
        PerFamily<Gauge.Child> Time(string name, string help)
            => new(factory.CreateGauge(name, help, new GaugeConfiguration { LabelNames = [PerFamily.Label], SuppressInitialValue = true }));
    }

    /// <summary>A new state arrived and waits for its round.</summary>
    public void RecordQueued(DateTimeOffset now)
    {
        foreach (var family in lastQueued.All) family.Set(UnixTime.Seconds(now));
    }

    /// <summary>A round ended with everything in the kernel.</summary>
    public void RecordSynced(DateTimeOffset now)
    {
        foreach (var family in lastSynced.All) family.Set(UnixTime.Seconds(now));
    }

    /// <summary>A round ended, well or not.</summary>
    /// <param name="isFull">Everything was looked at: the first one, one after a failure, and one after a change of the node.</param>
    public void RecordRound(TimeSpan elapsed, bool isFull)
    {
        foreach (var family in duration.All) family.Observe(elapsed.TotalSeconds);
        foreach (var family in (isFull ? fullDuration : partialDuration).All) family.Observe(elapsed.TotalSeconds);
    }

    public void RecordChanges(int services, int endpointSlices)
    {
        serviceChanges.Inc(services);
        endpointChanges.Inc(endpointSlices);
    }

    public void RecordPending(int services, int endpointSlices)
    {
        servicesPending.Set(services);
        endpointsPending.Set(endpointSlices);
    }

    /// <summary>One changed slice reached the kernel.</summary>
    /// <param name="elapsed">Since the slice's last-change-trigger-time.</param>
    public void RecordNetworkProgramming(IpFamily family, TimeSpan elapsed)
        => networkProgramming[family].Observe(elapsed.TotalSeconds);
}

/// <summary>Ids of what is gone, on their way back.</summary>
public sealed class RetireMetrics
{
    /// <param name="read">What could not be cleared yet, and how often clearing failed.</param>
    public RetireMetrics(MetricRegistry metrics, Func<(int Waiting, long Failures)> read)
    {
        metrics.ObserveGauge("ebpflb_ids_not_given_back",
            "Ids, slots and source ranges of what is gone that could not be cleared, and count as in use until they are",
            () => read().Waiting);
        metrics.ObserveCounter(
            "ebpflb_retire_failures_total", "How often clearing what is gone failed; it is tried again by itself", () => read().Failures);
    }
}
