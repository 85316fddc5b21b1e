namespace EbpfLb.Agent.Kernel;

/// <summary>
/// Counters of many things as the metrics give them: the first to come have series for as long as they are there, at most
/// <paramref name="limit"/> of them, so that the number of series has a limit.
/// </summary>
/// <param name="limit">Most things with series of their own; 0: there are no such metrics.</param>
internal abstract class LimitedSeries<TKey, TReadings>(Func<int> limit, TimeProvider time)
    where TReadings : class
{
    /// <summary>One look at the maps serves all metrics of a scrape.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    private readonly Lock sync = new();
    private HashSet<TKey> own = [];
    private (long At, int Limit, TReadings Readings)? last;

    /// <summary>null: switched off. May be called from any thread.</summary>
    public TReadings? Read()
    {
        var most = limit();
        if (most <= 0) return null;
        lock (sync)
        {
            if (last is { } known && known.Limit == most && time.GetElapsedTime(known.At) < Fresh) return known.Readings;
            var readings = Look(most);
            last = (time.GetTimestamp(), most, readings);
            return readings;
        }
    }

    /// <summary>One look at the maps, for at most <paramref name="most"/> things; one thread at a time.</summary>
    protected abstract TReadings Look(int most);

    /// <summary>Those with series of their own since the last look.</summary>
    protected IReadOnlySet<TKey> Own => own;

    /// <summary>Those with series of their own from now on, in a set of its own.</summary>
    /// <param name="still">Those of <see cref="Own"/> that are still there.</param>
    /// <param name="order">All that is there; read only as far as there is room.</param>
    protected IReadOnlySet<TKey> Choose(IEnumerable<TKey> still, IEnumerable<TKey> order, int most)
    {
        own = [.. still.Take(most)];
        if (own.Count == most) return own;
        foreach (var key in order)
            if (own.Add(key) && own.Count == most) break;
        return own;
    }
}
