using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>The series of one family as they were last read. One thread at a time.</summary>
/// <param name="set">Gives a series its value.</param>
/// <param name="counted">What a series has counted, which cannot be set back; null for gauges.</param>
internal sealed class ObservedFamily<TChild>(Collector<TChild> family, Action<TChild, double> set, Func<TChild, double>? counted = null)
    where TChild : ChildBase
{
    private readonly Dictionary<string, Series> shown = new(StringComparer.Ordinal);
    private int round;

    /// <summary>Shows these series and no others.</summary>
    public void Show(IEnumerable<Reading> readings)
    {
        round++;
        foreach (var (value, labels) in readings)
        {
            var key = string.Join('\0', labels);
            if (!shown.TryGetValue(key, out var series)) shown[key] = series = new Series(family.WithLabels(labels));
            else if (counted?.Invoke(series.Child) > value) series.BeginAnew(family, labels);
            set(series.Child, value);
            series.Round = round;
        }
        foreach (var (key, series) in shown.Where(s => s.Value.Round != round))
        {
            series.Child.Remove();
            shown.Remove(key);
        }
    }

    /// <summary>Shows nothing: half of the series would be taken for all of them.</summary>
    public void Clear()
    {
        foreach (var series in shown.Values) series.Child.Remove();
        shown.Clear();
    }

    private sealed class Series(TChild child)
    {
        public TChild Child { get; private set; } = child;

        /// <summary>When it was last among the readings.</summary>
        public int Round { get; set; }

        /// <summary>A count that went back is another thing's: to a reader of the metrics it has begun anew, too.</summary>
        public void BeginAnew(Collector<TChild> family, string[] labels)
        {
            Child.Remove();
            Child = family.WithLabels(labels);
        }
    }
}
