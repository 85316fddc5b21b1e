using System.Collections;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Counters;

/// <summary>
/// lb_traffic: packets and bytes per CPU of each service port id, and behind them of each backend id, counted by the programs
/// (bpf/lib/lb_traffic.h). Takes the map over.
/// </summary>
/// <param name="counts">One element: nothing is counted.</param>
/// <param name="fresh">The map was made now, so no id has counted anything yet.</param>
internal sealed class TrafficTable(MappedWindows<LbTraffic> counts, int services, int backends, bool fresh) : IDisposable
{
    private readonly int perCpu = counts.Length > 1 ? services + backends : 0;

    /// <summary>Ids that may hold counts of an earlier owner: a cold start must not touch the memory of each id on each CPU.</summary>
    private readonly BitArray used = new(counts.Length > 1 ? services + backends : 0, !fresh);

    public static TrafficTable Open(MapSet maps, int services, int backends)
        => new(new MappedWindows<LbTraffic>(maps.Take(Abi.Tables.Traffic)), services, backends,
            maps.Created.Contains(Abi.Tables.Traffic.Name));

    public static TrafficTable OpenPinned(InstancePaths paths, int services, int backends) => new(
        new MappedWindows<LbTraffic>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Traffic.Name)), writable: false), services, backends,
            fresh: false);

    public void ResetService(uint id)
    {
        if (id < services) Reset((int)id);
    }

    public void ResetBackend(uint id)
    {
        if (id < backends) Reset(services + (int)id);
    }

    /// <summary>null: nothing is counted, or there is no such id.</summary>
    public Traffic? ReadService(uint id) => id < services ? Read((int)id) : null;

    /// <inheritdoc cref="ReadService"/>
    public Traffic? ReadBackend(uint id) => id < backends ? Read(services + (int)id) : null;

    public void Dispose() => counts.Dispose();

    private void Reset(int index)
    {
        if (index >= perCpu) return;
        if (used[index])
        {
            for (var i = index; i < counts.Length; i += perCpu) counts[i] = default;
        }
        used[index] = true;
    }

    /// <summary>Sum over the CPUs.</summary>
    private Traffic? Read(int index)
    {
        if (index >= perCpu) return null;
        var sum = default(Traffic);
        for (var i = index; i < counts.Length; i += perCpu)
        {
            var value = counts.Read(i);
            sum = new Traffic(
                sum.PacketsIn + value.PacketsIn, sum.BytesIn + value.BytesIn,
                sum.PacketsOut + value.PacketsOut, sum.BytesOut + value.BytesOut);
        }
        return sum;
    }
}
