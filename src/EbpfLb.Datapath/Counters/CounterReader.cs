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
            ulong count = 0, bytes = 0;
            foreach (ref readonly var value in values.AsSpan())
            {
                count += value.Count;
                bytes += value.Bytes;
            }
            counts.Add(new ReasonCount(reason, count, bytes));
        }
        return counts;
    }
}
