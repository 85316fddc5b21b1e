using EbpfLb.Model;

namespace EbpfLb.Agent.Pipeline;

/// <summary>How one snapshot differs from the one before it, for the metrics.</summary>
/// <param name="Services">Services added, changed or removed.</param>
/// <param name="Slices">Slices added, changed or removed.</param>
/// <param name="Triggers">Family and last-change-trigger-time of each slice that was added or changed.</param>
internal sealed record SnapshotDifference(int Services, int Slices, IReadOnlyList<(IpFamily Family, DateTimeOffset Time)> Triggers)
{
    public static SnapshotDifference Between(ClusterSnapshot old, ClusterSnapshot now)
    {
        var count = new Counter();
        foreach (var (_, before, after) in now.Services.DifferencesFrom(old.Services)) count.Add(before, after);
        return new SnapshotDifference(count.Services, count.Slices, count.Triggers);
    }

    private sealed class Counter
    {
        public List<(IpFamily Family, DateTimeOffset Time)> Triggers { get; } = [];

        public int Services { get; private set; }

        public int Slices { get; private set; }

        public void Add(ServiceEntry? before, ServiceEntry? now)
        {
            if (!ReferenceEquals(before?.Service, now?.Service)) Services++;
            AddSlices((before?.Slices ?? []).AsSpan(), (now?.Slices ?? []).AsSpan());
        }

        /// <summary>Both are ordered by name.</summary>
        private void AddSlices(ReadOnlySpan<EndpointSlice> before, ReadOnlySpan<EndpointSlice> now)
        {
            int b = 0, n = 0;
            while (b < before.Length || n < now.Length)
            {
                var order = b == before.Length ? 1 : n == now.Length ? -1 : before[b].Name.CompareTo(now[n].Name);
                if (order < 0)
                {
                    Slices++;
                    b++;
                }
                else if (order > 0 || !ReferenceEquals(before[b], now[n]))
                {
                    Changed(now[n]);
                    n++;
                    if (order == 0) b++;
                }
                else
                {
                    b++;
                    n++;
                }
            }
        }

        private void Changed(EndpointSlice slice)
        {
            Slices++;
            if (slice.TriggerTime is { } time) Triggers.Add((slice.Family, time));
        }
    }
}
