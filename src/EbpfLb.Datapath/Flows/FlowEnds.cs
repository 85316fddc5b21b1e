using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// lb_svc_expired: the flows of each service port id that an agent or a command took out, which no program counts as ended; and what that
/// leaves to their backends. Thread-safe, also beside another process. Takes the maps over.
/// </summary>
/// <param name="loads">null: nobody ends flows by this.</param>
internal sealed class FlowEnds(BpfMap map, BackendLoadTable? loads) : IDisposable
{
    private readonly MappedWindows<ulong> counts = new(map);

    public static FlowEnds OpenPinned(InstancePaths paths)
        => new(BpfMap.OpenPinned(paths.Map(Abi.Tables.SvcExpired.Name)), BackendLoadTable.OpenPinned(paths));

    public static FlowEnds Open(MapSet maps) => new(maps.Take(Abi.Tables.SvcExpired), BackendLoadTable.Open(maps));

    /// <summary>0 for an id that the table does not have.</summary>
    public ulong this[uint serviceId] => serviceId < (uint)counts.Length ? counts.Read((int)serviceId) : 0;

    /// <summary>A flow ends that had not closed.</summary>
    public void Count(in FlowOwner owner)
    {
        if (owner.ServiceId < (uint)counts.Length) Interlocked.Increment(ref counts[(int)owner.ServiceId]);
        loads?.CountEnd(owner);
    }

    /// <summary>After <see cref="Count"/>: it goes on.</summary>
    public void Resume(in FlowOwner owner)
    {
        if (owner.ServiceId < (uint)counts.Length) Interlocked.Decrement(ref counts[(int)owner.ServiceId]);
        loads?.CountResumed(owner);
    }

    /// <summary>The id has another owner from now on.</summary>
    public void Clear(uint serviceId)
    {
        if (serviceId < (uint)counts.Length) counts[(int)serviceId] = 0;
    }

    public void Dispose()
    {
        counts.Dispose();
        loads?.Dispose();
    }
}
