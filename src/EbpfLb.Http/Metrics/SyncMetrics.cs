using System.Diagnostics.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>
/// The rounds that bring the cluster's state into the kernel, under kube-proxy's names (contract section 15). A round
/// serves both families at once, so both series get it.
/// </summary>
public sealed class SyncMetrics
{
    private static readonly KeyValuePair<string, object?>[] Families = [Family(IpFamily.IPv4), Family(IpFamily.IPv6)];

    private readonly Histogram<double> duration;
    private readonly Histogram<double> fullDuration;
    private readonly Histogram<double> partialDuration;
    private readonly Histogram<double> networkProgramming;
    private readonly Gauge<double> lastSynced;
    private readonly Gauge<double> lastQueued;
    private readonly Counter<long> serviceChanges;
    private readonly Counter<long> endpointChanges;
    private readonly Gauge<long> servicesPending;
    private readonly Gauge<long> endpointsPending;

    public SyncMetrics(Meter meter)
    {
        const string Prefix = "kubeproxy_sync_proxy_rules_";
        duration = Duration("kubeproxy_sync_proxy_rules_duration_seconds", "Duration of one sync round");
        fullDuration = Duration("kubeproxy_sync_full_proxy_rules_duration_seconds", "Duration of one sync round that looked at everything");
        partialDuration = Duration("kubeproxy_sync_partial_proxy_rules_duration_seconds", "Duration of one sync round that looked at what changed");
        networkProgramming = meter.CreateHistogram("kubeproxy_network_programming_duration_seconds", "s",
            "Time from the change of an endpoint, as stamped by the API server's controller, to the kernel", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.NetworkProgramming });
        lastSynced = meter.CreateGauge<double>(Prefix + "last_timestamp_seconds", "s", "Unix time of the last successful sync");
        lastQueued = meter.CreateGauge<double>(Prefix + "last_queued_timestamp_seconds", "s", "Unix time when a sync was last queued");
        serviceChanges = meter.CreateCounter<long>(Prefix + "service_changes_total", null, "Changes of Services seen");
        endpointChanges = meter.CreateCounter<long>(Prefix + "endpoint_changes_total", null, "Changes of EndpointSlices seen");
        servicesPending = meter.CreateGauge<long>(Prefix + "service_changes_pending", null, "Changes of Services not yet in the kernel");
        endpointsPending = meter.CreateGauge<long>(Prefix + "endpoint_changes_pending", null, "Changes of EndpointSlices not yet in the kernel");
        Histogram<double> Duration(string name, string description) => meter.CreateHistogram(
            name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Sync });

        serviceChanges.Add(0);
        endpointChanges.Add(0);
        RecordPending(0, 0);
    }

    /// <summary>A new state arrived and waits for its round.</summary>
    public void RecordQueued(DateTimeOffset now)
    {
        foreach (var family in Families) lastQueued.Record(UnixTime.Seconds(now), family);
    }

    /// <summary>A round ended with everything in the kernel.</summary>
    public void RecordSynced(DateTimeOffset now)
    {
        foreach (var family in Families) lastSynced.Record(UnixTime.Seconds(now), family);
    }

    /// <summary>A round ended, well or not.</summary>
    /// <param name="isFull">Everything was looked at: the first one, one after a failure, and one after a change of the node.</param>
    public void RecordRound(TimeSpan elapsed, bool isFull)
    {
        foreach (var family in Families)
        {
            duration.Record(elapsed.TotalSeconds, family);
            (isFull ? fullDuration : partialDuration).Record(elapsed.TotalSeconds, family);
        }
    }

    public void RecordChanges(int services, int endpointSlices)
    {
        serviceChanges.Add(services);
        endpointChanges.Add(endpointSlices);
    }

    public void RecordPending(int services, int endpointSlices)
    {
        servicesPending.Record(services);
        endpointsPending.Record(endpointSlices);
    }

    /// <summary>One changed slice reached the kernel.</summary>
    /// <param name="elapsed">Since the slice's last-change-trigger-time.</param>
    public void RecordNetworkProgramming(IpFamily family, TimeSpan elapsed)
        => networkProgramming.Record(elapsed.TotalSeconds, Family(family));

    private static KeyValuePair<string, object?> Family(IpFamily family) => new("ip_family", family.ToString());
}
