using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Counters;

/// <summary>Reads lb_stats: one sum per reason that has happened or is known by name.</summary>
internal static class CounterReader
{
    public static IReadOnlyList<ReasonCount> Read(PerCpuMap<uint, LbStat> map)
    {
        var counts = new List<ReasonCount>();
        var values = new LbStat[map.CpuCount];
        foreach (var reason in Enum.GetValues<LbReason>())
        {
            if (reason is LbReason.None or LbReason.Max || !map.TryLookup((uint)reason, values)) continue;
            counts.Add(Sum(reason, values));
        }
        return counts;
    }

    /// <summary>That of one reason; zeros when the map has none of it.</summary>
    public static ReasonCount Read(PerCpuMap<uint, LbStat> map, LbReason reason)
    {
        var values = new LbStat[map.CpuCount];
        return map.TryLookup((uint)reason, values) ? Sum(reason, values) : new ReasonCount(reason, 0, 0);
    }

    private static ReasonCount Sum(LbReason reason, LbStat[] values)
    {
        ulong count = 0, bytes = 0;
        foreach (ref readonly var value in values.AsSpan())
        {
            count += value.Count;
            bytes += value.Bytes;
        }
        return new ReasonCount(reason, count, bytes);
    }
}
