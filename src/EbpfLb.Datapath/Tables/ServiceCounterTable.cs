using System.Collections;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Flows;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Tables;

/// <summary>lb_svc_stats: counters per service port id, kept per CPU by the programs; and lb_svc_expired, what they do not see end.</summary>
/// <param name="fresh">The map was made now, so no id has counted anything yet.</param>
internal sealed class ServiceCounterTable(PerCpuMap<uint, LbSvcStat> map, FlowEnds ends, bool fresh) : IServiceCounters, IDisposable
{
    private readonly LbSvcStat[] zeros = new LbSvcStat[map.CpuCount];

    /// <summary>Ids that may hold counts of an earlier owner: a cold start must not pay a system call for each id.</summary>
    private readonly BitArray used = new((int)map.Info.MaxEntries, !fresh);

    public void Reset(ReadOnlySpan<uint> serviceIds)
    {
        foreach (var id in serviceIds)
        {
            if (id >= used.Count) continue;
            if (used[(int)id])
            {
                map.Update(id, zeros);
                ends.Clear(id);
            }
            used[(int)id] = true;
        }
    }

    /// <summary>Sum over the CPUs; zeros for an id that the table does not have.</summary>
    public ServiceCounters Read(uint serviceId)
    {
        Span<LbSvcStat> values = new LbSvcStat[map.CpuCount];
        return map.TryLookup(serviceId, values) ? Sum(serviceId, values) : default;
    }

    /// <summary>All ids that counted something, in one pass of batches.</summary>
    public Dictionary<uint, ServiceCounters> ReadAll()
    {
        var all = new Dictionary<uint, ServiceCounters>();
        map.Visit((id, values) =>
        {
            var sum = Sum(id, values);
            if (sum != default) all.Add(id, sum);
        });
        return all;
    }

    public void Dispose()
    {
        map.Dispose();
        ends.Dispose();
    }

    private ServiceCounters Sum(uint serviceId, ReadOnlySpan<LbSvcStat> values)
    {
        var sum = new ServiceCounters(0, ends[serviceId], 0, 0);
        foreach (ref readonly var value in values)
        {
            sum = new ServiceCounters(
                sum.Connections + value.Connections, sum.Closed + value.Closed,
                sum.Datagrams + value.Datagrams, sum.Refused + value.Refused);
        }
        return sum;
    }
}
