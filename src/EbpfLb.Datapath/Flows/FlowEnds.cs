using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// lb_svc_expired: the flows of each service port id that an agent or a command took out, which no program counts as ended. Thread-safe,
/// also beside another process. Takes the map over.
/// </summary>
internal sealed class FlowEnds(BpfMap map) : IDisposable
{
    private readonly MappedWindows<ulong> counts = new(map);

    public static FlowEnds OpenPinned(InstancePaths paths) => new(BpfMap.OpenPinned(paths.Map(Abi.Tables.SvcExpired.Name)));

    /// <summary>0 for an id that the table does not have.</summary>
    public ulong this[uint serviceId] => serviceId < (uint)counts.Length ? counts.Read((int)serviceId) : 0;

    /// <summary>A flow ended that had not closed.</summary>
    public void Count(uint serviceId)
    {
        if (serviceId < (uint)counts.Length) Interlocked.Increment(ref counts[(int)serviceId]);
    }

    /// <summary>The id has another owner from now on.</summary>
    public void Clear(uint serviceId)
    {
        if (serviceId < (uint)counts.Length) counts[(int)serviceId] = 0;
    }

    public void Dispose() => counts.Dispose();
}
