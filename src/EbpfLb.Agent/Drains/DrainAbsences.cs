using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Drains;

/// <summary>
/// For how long no Service has named the address of a drain. Addresses of pods that are gone are given to others, which an operator did
/// not mean. Thread-safe. An agent that starts begins anew.
/// </summary>
internal sealed class DrainAbsences(DrainStore store, TimeProvider time)
{
    /// <summary>As long as a pod is away for that is restarted with its address (a StatefulSet's, one of the host's network).</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();

    /// <summary>By drain: a timestamp, and the time of day for people.</summary>
    private readonly Dictionary<TimedDrain, (long Start, DateTimeOffset At)> since = [];

    /// <summary>Some are absent, and time counts.</summary>
    public bool Any
    {
        get
        {
            lock (gate) return since.Count > 0;
        }
    }

    /// <summary>A snapshot has arrived.</summary>
    public void Look(ClusterSnapshot snapshot)
    {
        // Not below the lock: the store asks us below its own.
        CompleteServices(snapshot);
        var drains = store.All;
        lock (gate)
        {
            foreach (var gone in since.Keys.Except(drains).ToList()) since.Remove(gone);
            foreach (var drain in drains)
            {
                if (DrainCheck.IsNamed(snapshot, drain.Drain, drain.Services)) since.Remove(drain);
                else since.TryAdd(drain, (time.GetTimestamp(), time.GetUtcNow()));
            }
        }
    }

    /// <summary>
    /// Those of an agent that did not write their Services down would have all Services looked at with each snapshot. From now on it counts
    /// for them who has the backend now.
    /// </summary>
    private void CompleteServices(ClusterSnapshot snapshot)
    {
        foreach (var drain in store.All.Where(d => d.Services.IsEmpty))
            if (DrainCheck.ServicesNaming(snapshot, drain.Drain) is { IsEmpty: false } services) store.Complete(drain, services);
    }

    /// <summary>What the cluster has is not known just now: the time of all begins anew.</summary>
    public void BeginAnew()
    {
        lock (gate)
        {
            foreach (var drain in since.Keys.ToList()) since[drain] = (time.GetTimestamp(), time.GetUtcNow());
        }
    }

    /// <summary>null: a Service names it.</summary>
    public DateTimeOffset? SinceOf(TimedDrain drain)
    {
        lock (gate) return since.TryGetValue(drain, out var absent) ? absent.At : null;
    }

    /// <summary>Absent for the longest time.</summary>
    public bool IsOver(TimedDrain drain)
    {
        lock (gate) return since.TryGetValue(drain, out var absent) && time.GetElapsedTime(absent.Start) >= Longest;
    }
}
