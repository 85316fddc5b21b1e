using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Events;

namespace EbpfLb.Agent.Flows;

/// <summary>
/// Who looks on at traces, and of which services: each question for traces counts for some time, until the next one comes. Thread-safe.
/// </summary>
internal sealed class TraceWatchers(IServiceNames names, TimeProvider time)
{
    private readonly Lock gate = new();

    /// <summary>By what is asked for: until when (a timestamp).</summary>
    private readonly Dictionary<TraceFilter, long> watched = [];
    private TaskCompletionSource came = NewSignal();

    /// <summary>Somebody looks on for that long from now.</summary>
    public void Watch(TraceFilter filter, TimeSpan duration)
    {
        var until = time.GetTimestamp() + (long)(duration.TotalSeconds * time.TimestampFrequency);
        lock (gate)
        {
            watched[filter] = Math.Max(until, watched.GetValueOrDefault(filter, until));
            came.TrySetResult();
        }
    }

    /// <summary>Ends when somebody looks on.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (Current().Count == 0) came = NewSignal();
            return came.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The services that are watched, as <see cref="TraceBits"/>; null: nobody looks on.</summary>
    public ulong? Services()
    {
        List<TraceFilter> filters;
        lock (gate) filters = Current();
        if (filters.Count == 0) return null;
        if (filters.Exists(f => f.IsEveryService)) return TraceBits.All;
        return names.Read().Where(n => filters.Exists(f => f.MeansService(PortName.Of(n.Value), n.Key)))
            .Aggregate(0ul, (bits, n) => bits | TraceBits.Of(n.Key));
    }

    private List<TraceFilter> Current()
    {
        var now = time.GetTimestamp();
        foreach (var (filter, until) in watched.ToArray())
            if (until <= now) watched.Remove(filter);
        return [.. watched.Keys];
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
