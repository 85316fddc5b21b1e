using System.Collections;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Tables;

/// <summary>lb_svc_stats: counters per service port id, kept per CPU by the programs.</summary>
/// <param name="fresh">The map was made now, so no id has counted anything yet.</param>
internal sealed class ServiceCounterTable(PerCpuMap<uint, LbSvcStat> map, bool fresh) : IServiceCounters, IDisposable
{
    private readonly LbSvcStat[] zeros = new LbSvcStat[map.CpuCount];

    /// <summary>Ids that may hold counts of an earlier owner: a cold start must not pay a system call for each id.</summary>
    private readonly BitArray used = new((int)map.Info.MaxEntries, !fresh);

    public void Reset(ReadOnlySpan<uint> serviceIds)
    {
        foreach (var id in serviceIds)
        {
            if (id >= used.Count) continue;
            if (used[(int)id]) map.Update(id, zeros);
            used[(int)id] = true;
        }
    }

    /// <summary>Sum over the CPUs; zeros for an id that the table does not have.</summary>
    public ServiceCounters Read(uint serviceId)
    {
        Span<LbSvcStat> values = new LbSvcStat[map.CpuCount];
        return map.TryLookup(serviceId, values) ? Sum(values) : default;
    }

    /// <summary>All ids that counted something, in one pass of batches.</summary>
    public Dictionary<uint, ServiceCounters> ReadAll()
    {
        var all = new Dictionary<uint, ServiceCounters>();
        map.Visit((id, values) =>
        {
            var sum = Sum(values);
            if (sum != default) all.Add(id, sum);
        });
        return all;
    }

    public void Dispose() => map.Dispose();

    private static ServiceCounters Sum(ReadOnlySpan<LbSvcStat> values)
    {
        ServiceCounters sum = default;
        foreach (ref readonly var value in values)
        {
            sum = new ServiceCounters(
                sum.Connections + value.Connections, sum.Closed + value.Closed,
                sum.Datagrams + value.Datagrams, sum.Refused + value.Refused);
        }
        return sum;
    }
}
