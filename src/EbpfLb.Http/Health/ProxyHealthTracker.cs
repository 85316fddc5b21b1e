using EbpfLb.Model;

namespace EbpfLb.Http.Health;

/// <summary>
/// Decides, per family, whether the data plane is healthy: no queued change has been waiting for longer than twice the sync
/// period. Rules of kube-proxy's pkg/proxy/healthcheck/proxy_health.go: the first change after a sync sets the clock,
/// later ones do not move it, only a successful sync clears it; idle forever is healthy, and so is a fresh server.
/// Thread-safe.
/// </summary>
/// <param name="currentPeriod">How long a failed sync waits at most for its next try.</param>
public sealed class ProxyHealthTracker(TimeProvider time, Func<TimeSpan> currentPeriod)
{
    private static readonly IpFamily[] Families = [IpFamily.IPv4, IpFamily.IPv6];

    private readonly Lock gate = new();
    /// <summary>Timestamps of the monotonic clock.</summary>
    private readonly Dictionary<IpFamily, long> oldestQueued = [];
    private readonly Dictionary<IpFamily, DateTimeOffset> lastSynced = [];

    /// <summary>With a period that stays.</summary>
    public ProxyHealthTracker(TimeProvider time, TimeSpan syncPeriod) : this(time, () => syncPeriod)
    {
    }

    /// <summary>A change of this family waits for the kernel.</summary>
    public void RecordQueued(IpFamily family)
    {
        lock (gate) oldestQueued.TryAdd(family, time.GetTimestamp());
    }

    /// <summary>Everything that was queued for this family is in the kernel.</summary>
    public void RecordSynced(IpFamily family)
    {
        lock (gate)
        {
            oldestQueued.Remove(family);
            lastSynced[family] = time.GetUtcNow();
        }
    }

    public HealthReport Report(bool nodeEligible)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            var status = Families.ToDictionary(f => f, f => Of(f, now));
            var healthy = status.Values.All(s => s.Healthy);
            return new HealthReport(
                healthy ? now : lastSynced.Count == 0 ? null : lastSynced.Values.Max(), now, nodeEligible, healthy, status);
        }
    }

    private FamilyHealth Of(IpFamily family, DateTimeOffset now)
    {
        var healthy = !oldestQueued.TryGetValue(family, out var since) || time.GetElapsedTime(since) / 2 < currentPeriod();
        return new FamilyHealth(healthy ? now : lastSynced.TryGetValue(family, out var synced) ? synced : null, healthy);
    }
}
