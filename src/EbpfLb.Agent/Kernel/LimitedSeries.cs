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

    /// <summary>Those with series of their own from now on, of what is there in <paramref name="order"/>.</summary>
    protected IReadOnlySet<TKey> Choose(IEnumerable<TKey> order, HashSet<TKey> there, int most)
    {
        own = [.. own.Where(there.Contains).Take(most)];
        foreach (var key in order.Where(there.Contains).TakeWhile(_ => own.Count < most)) own.Add(key);
        return own;
    }
}
