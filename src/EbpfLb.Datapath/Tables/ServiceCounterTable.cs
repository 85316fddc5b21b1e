using System.Collections;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Flows;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Tables;

/// <summary>
/// lb_svc_stats: counters per CPU and service port id, kept by the programs; and lb_svc_expired, what they do not see end. Takes both over.
/// </summary>
/// <param name="fresh">The map was made now, so no id has counted anything yet.</param>
/// <param name="traffic">What else the ids count; null: nothing. It stays the caller's.</param>
internal sealed class ServiceCounterTable(MappedWindows<LbSvcStat> counts, FlowEnds ends, bool fresh, TrafficTable? traffic = null)
    : IServiceCounters, IDisposable
{
    private readonly int services = counts.Length / PossibleCpus.Numbers();

    /// <summary>Ids that may hold counts of an earlier owner: a cold start must not touch the memory of each id on each CPU.</summary>
    private readonly BitArray used = new(counts.Length / PossibleCpus.Numbers(), !fresh);

    public void Reset(ReadOnlySpan<uint> serviceIds)
    {
        foreach (var id in serviceIds)
        {
            traffic?.ResetService(id);
            if (id >= used.Count) continue;
            if (used[(int)id])
            {
                for (var i = (int)id; i < counts.Length; i += services) counts[i] = default;
                ends.Clear(id);
            }
            used[(int)id] = true;
        }
    }

    /// <summary>Sum over the CPUs; zeros for an id that the table does not have.</summary>
    public ServiceCounters Read(uint serviceId)
    {
        if (serviceId >= services) return default;
        var sum = new ServiceCounters(0, ends[serviceId], 0, 0);
        for (var i = (int)serviceId; i < counts.Length; i += services)
        {
            var value = counts.Read(i);
            sum = new ServiceCounters(
                sum.Connections + value.Connections, sum.Closed + value.Closed,
                sum.Datagrams + value.Datagrams, sum.Refused + value.Refused);
        }
        return sum with { Traffic = traffic?.ReadService(serviceId) };
    }

    public void Dispose()
    {
        counts.Dispose();
        ends.Dispose();
    }
}
